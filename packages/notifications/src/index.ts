export { type Notification, type NotifyOutcome, notify, notifyAll } from './notify.ts'
