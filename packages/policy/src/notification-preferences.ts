import { z } from 'zod'
import type { NotificationType } from './notification-types.ts'

const flag = (byDefault: boolean) => z.boolean().default(byDefault)
const channels = (byDefault: { inApp: boolean; email: boolean }) =>
  z.strictObject({ inApp: flag(byDefault.inApp), email: flag(byDefault.email) }).prefault({})

/**
 * A user's choice of notifications and their channels. A field that is left out has its default, so that a client of
 * the previous release can save the fields that it knows.
 */
export const preferences = z
  .strictObject({
    /** One mail in the morning with the tasks that are due that day and the overdue ones. */
    morningDigest: flag(true),
    /** A reminder an hour before a task is due. */
    hourBefore: flag(true),
    notifications: z
      .strictObject({
        // The morning digest has them already.
        overdue: channels({ inApp: true, email: false }),
        upcoming: channels({ inApp: true, email: true }),
        reminder: channels({ inApp: true, email: true }),
        general: channels({ inApp: true, email: false }),
        invite: channels({ inApp: true, email: true }),
        chat: channels({ inApp: true, email: true }),
        security: z
          .strictObject({
            inApp: flag(true),
            email: z.literal(true, 'cannot be turned off: these mails keep the account safe').default(true),
          })
          .prefault({}),
      } satisfies Record<NotificationType, z.ZodType>)
      .prefault({}),
  })
  .meta({ id: 'Preferences' })
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
