export { type Channels, type NotificationType, notificationTypes, usualChannels } from './channels.ts'
export { type Notification, notify, notifyAll, type Told } from './notify.ts'
