import { z } from 'zod'
import type { NotificationType } from './notification-types.ts'
import { quietHours } from './quiet-hours.ts'

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
  receipts: flag(true, 'Whether members of chats see how far the user has read, and the user how far they have read.'),
  presence: flag(true, 'Whether others see when the user is online and was last seen.'),
  mentionsPassMute: flag(true, 'Whether mentions of the user alert in muted chats too.'),
  quietHours,
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

/**
 * Returns the stored choices completed by the defaults.
 * @param settings `user_preferences.settings`; fields that only another release knows, and values that the schema refuses,
 *   are ignored
 */
export function applyDefaults(settings: unknown): Preferences {
  const hours = quietHours.safeParse(isObject(settings) ? settings.quietHours : undefined)
  return {
    ...(overlay(switchesOf(defaultPreferences), settings) as Omit<Preferences, 'quietHours'>),
    quietHours: hours.success ? hours.data : null,
  }
}

/** Returns the fields that differ from the defaults: all that `user_preferences.settings` keeps. */
export function omitDefaults(chosen: Preferences): StoredSettings {
  const switches = difference(switchesOf(chosen), switchesOf(defaultPreferences))
  return chosen.quietHours ? { ...switches, quietHours: chosen.quietHours } : switches
}

/** Named switches, in groups. */
type Switches = { [name: string]: boolean | Switches }
type StoredSettings = { [name: string]: boolean | Switches | { from: string; to: string } }

function switchesOf({ quietHours: _, ...switches }: Preferences): Switches {
  return switches
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function overlay(defaults: Switches, chosen: unknown): Switches {
  const given = isObject(chosen) ? chosen : {}
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
