import { type RawBuilder, sql } from 'kysely'
import { applyDefaults, defaultPreferences } from './notification-preferences.ts'
import { type NotificationType, notificationTypes } from './notification-types.ts'

/** The channels by which a user gets notifications of one type. */
export type Channels = { inApp: boolean; email: boolean }

/**
 * Returns the channels by which a user wants notifications of a type.
 * @param settings `user_preferences.settings`, or null when the user never chose anything
 */
export const channelsFor = (settings: unknown, type: NotificationType): Channels =>
  applyDefaults(settings).notifications[type]

/**
 * SQL: whether {@link channelsFor} has the channel.
 * @param columns.settings jsonb, `user_preferences.settings` or null
 * @param columns.type text, a {@link NotificationType}
 */
export const wantsChannelSql = (
  channel: keyof Channels,
  { settings, type }: { settings: RawBuilder<unknown>; type: RawBuilder<unknown> },
): RawBuilder<boolean> => sql`
  case ${settings} #> array['notifications', ${type}, ${sql.lit(channel)}]
    when 'true'::jsonb then true when 'false'::jsonb then false
    else ${type} in (${sql.join(typesWithDefault(channel).map((name) => sql.lit(name)))}) end`

const typesWithDefault = (channel: keyof Channels): NotificationType[] =>
  notificationTypes.filter((type) => defaultPreferences.notifications[type][channel])
