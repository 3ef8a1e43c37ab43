import { z } from 'zod'

const flag = (usual: boolean) => z.boolean().default(usual)
const channels = (usual: { inApp: boolean; email: boolean }) =>
  z.strictObject({ inApp: flag(usual.inApp), email: flag(usual.email) }).prefault({})

/**
 * What a person wants to be told, and where. What is left out has its usual value, so that a client of the release before
 * can save what it knows.
 */
export const preferences = z
  .strictObject({
    /** One mail in the morning with what is due that day and what is overdue. */
    morningDigest: flag(true),
    /** A reminder an hour before a task is due. */
    hourBefore: flag(true),
    notifications: z
      .strictObject({
        // In the morning digest already.
        overdue: channels({ inApp: true, email: false }),
        upcoming: channels({ inApp: true, email: true }),
        reminder: channels({ inApp: true, email: true }),
        general: channels({ inApp: true, email: false }),
        invite: channels({ inApp: true, email: true }),
        chat: channels({ inApp: true, email: true }),
        security: z
          .strictObject({
            inApp: flag(true),
            email: z.literal(true, 'can not be turned off: these mails keep the account safe').default(true),
          })
          .prefault({}),
      })
      .prefault({}),
  })
  .meta({ id: 'Preferences' })
export type Preferences = z.output<typeof preferences>

export const usualPreferences = preferences.parse({})

/** Named switches, in groups. */
type Switches = { [name: string]: boolean | Switches }

/**
 * What the person chose, and the usual for the rest.
 * @param settings `user_preferences.settings`. What another release wrote and this one does not know is passed by.
 */
export const withUsual = (settings: unknown) => laidOver(usualPreferences, settings) as Preferences

/** What of these is not the usual: all that is kept in `user_preferences.settings`. */
export const withoutUsual = (chosen: Preferences) => unusual(chosen, usualPreferences)

function laidOver(usual: Switches, chosen: unknown): Switches {
  const given = (typeof chosen === 'object' && chosen !== null ? chosen : {}) as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(usual).map(([name, value]) => {
      if (typeof value === 'object') return [name, laidOver(value, given[name])]
      return [name, typeof given[name] === 'boolean' ? given[name] : value]
    }),
  )
}

function unusual(chosen: Switches, usual: Switches): Switches {
  return Object.fromEntries(
    Object.entries(chosen).flatMap(([name, value]): [string, boolean | Switches][] => {
      if (typeof value !== 'object') return value === usual[name] ? [] : [[name, value]]
      const inner = unusual(value, usual[name] as Switches)
      return Object.keys(inner).length > 0 ? [[name, inner]] : []
    }),
  )
}
