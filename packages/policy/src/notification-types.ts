/** The types of notifications, in the order in which they are shown. A user chooses the channels of each type. */
export const notificationTypes = ['overdue', 'upcoming', 'reminder', 'general', 'invite', 'chat', 'security'] as const
export type NotificationType = (typeof notificationTypes)[number]

/** The types whose mails and pushes wait in the quiet hours of their recipient. */
export const quietTypes: readonly NotificationType[] = ['general', 'chat']
