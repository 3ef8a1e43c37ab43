import { type Preferences, usualPreferences } from '@muster/preferences'

export type NotificationType = keyof Preferences['notifications']

/** Where a person wants to be told of a type. */
export type Channels = { inApp: boolean; email: boolean }

/** What holds for who chose nothing else. */
export const usualChannels: Record<NotificationType, Channels> = usualPreferences.notifications

export const notificationTypes = Object.keys(usualChannels) as [NotificationType, ...NotificationType[]]
