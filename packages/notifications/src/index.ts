export { type ChatNotification, closeChatNotifications, saveChatNotifications } from './chat-notifications.ts'
export { actorIdOf, type NotificationData, notificationData, readNotificationData } from './notification-data.ts'
export { type Notification, type NotifyOutcome, notify, notifyAll } from './notify.ts'
