import { z } from 'zod'
import type { NotificationType } from './notification-types.ts'

const flag = (byDefault: boolean, description: string) => z.boolean().default(byDefault).describe(description)
const inApp = (byDefault: boolean) => flag(byDefault, 'Whether these create a notification.')
const email = (byDefault: boolean) => flag(byDefault, 'Whether these are sent by mail.')
const channels = (byDefault: { inApp: boolean; email: boolean }, description: string) =>
  z
    .strictObject({ inApp: inApp(byDefault.inApp), email: email(byDefault.email) })
    .prefault({})
    .describe(description)

/**
 * A user's choice of notifications and their channels. A field that is left out has its default, so that a client of
 * the previous release can save the fields that it knows.
 */
export const preferences = z.strictObject({
  morningDigest: flag(true, 'One mail in the morning with the tasks that are due that day and the overdue ones.'),
  hourBefore: flag(true, 'A reminder an hour before a task is due.'),
  notifications: z
    .strictObject({
      // The morning digest has them already.
      overdue: channels({ inApp: true, email: false }, 'Tasks that are overdue.'),
      upcoming: channels({ inApp: true, email: true }, 'Tasks that are due within an hour.'),
      reminder: channels({ inApp: true, email: true }, 'Reminders that the user set.'),
      general: channels({ inApp: true, email: false }, 'Changes of tasks, friends and pictures.'),
      invite: channels({ inApp: true, email: true }, 'Invitations.'),
      chat: channels({ inApp: true, email: true }, 'Messages of chats.'),
      security: z
        .strictObject({
          inApp: inApp(true),
          email: z
            .literal(true, 'cannot be turned off: these mails keep the account safe')
            .default(true)
            .describe('Security alerts are always mailed.'),
        })
        .prefault({})
        .describe('Changes that matter to the safety of the account.'),
    } satisfies Record<NotificationType, z.ZodType>)
    .prefault({})
    .describe('The channels of each type of notification.'),
})
export type Preferences = z.output<typeof preferences>

export const defaultPreferences = preferences.parse({})

/** Named switches, in groups. */
type Switches = { [name: string]: boolean | Switches }

/**
 * Returns the stored choices completed by the defaults.
 * @param settings `user_preferences.settings`; fields that only another release knows, and values that are not
 *   booleans, are ignored
 */
export const applyDefaults = (settings: unknown) => overlay(defaultPreferences, settings) as Preferences

/** Returns the fields that differ from the defaults: all that `user_preferences.settings` keeps. */
export const omitDefaults = (chosen: Preferences) => difference(chosen, defaultPreferences)

function overlay(defaults: Switches, chosen: unknown): Switches {
  const given = (typeof chosen === 'object' && chosen !== null ? chosen : {}) as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => {
      if (typeof value === 'object') return [name, overlay(value, given[name])]
      return [name, typeof given[name] === 'boolean' ? given[name] : value]
    }),
  )
}

function difference(chosen: Switches, defaults: Switches): Switches {
  return Object.fromEntries(
    Object.entries(chosen).flatMap(([name, value]): [string, boolean | Switches][] => {
      if (typeof value !== 'object') return value === defaults[name] ? [] : [[name, value]]
      const inner = difference(value, defaults[name] as Switches)
      return Object.keys(inner).length > 0 ? [[name, inner]] : []
    }),
  )
}
