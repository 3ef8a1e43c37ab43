export { type Attachment, attachment, type ChatFile, chatFile } from './attachment.ts'
export {
  type Chat,
  type ChatHeader,
  type ChatMember,
  chat,
  chatHeader,
  chatKind,
  chatMember,
  chatRole,
  type Message,
  message,
} from './chat.ts'
export { absoluteFileUrls, fileUrl } from './file-url.ts'
export { instant } from './instant.ts'
export { type Notification, notification, notificationType } from './notification.ts'
export { type UserSummary, userSummary } from './user-summary.ts'
