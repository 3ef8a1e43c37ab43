export { type Notification, notify, notifyAll, type Told } from './notify.ts'
