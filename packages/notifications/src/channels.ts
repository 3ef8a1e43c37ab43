export const notificationTypes = ['overdue', 'upcoming', 'reminder', 'general', 'invite', 'chat', 'security'] as const
export type NotificationType = (typeof notificationTypes)[number]

/** Where a person wants to be told of a type. */
export type Channels = { inApp: boolean; email: boolean }

/** What holds for who chose nothing else; see the schema of the preferences. */
export const usualChannels: Record<NotificationType, Channels> = {
  overdue: { inApp: true, email: false },
  upcoming: { inApp: true, email: true },
  reminder: { inApp: true, email: true },
  general: { inApp: true, email: false },
  invite: { inApp: true, email: true },
  chat: { inApp: true, email: true },
  security: { inApp: true, email: true },
}
