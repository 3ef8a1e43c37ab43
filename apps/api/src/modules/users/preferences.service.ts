import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../plugins/actor.ts'
import * as queries from './preferences.queries.ts'
import { type Preferences, usualPreferences } from './preferences.schema.ts'

/** Named switches, in groups. */
type Switches = { [name: string]: boolean | Switches }

/** What the person chose, and the usual for the rest. */
export async function getPreferences({ db }: Pick<Deps, 'db'>, userId: string): Promise<Preferences> {
  return withUsual(await queries.findSettings(db, userId))
}

/** Replaces all of the person's preferences; only what is not the usual is kept. */
export async function replacePreferences(
  { transact, clock }: Pick<Deps, 'transact' | 'clock'>,
  { userId }: Actor,
  wanted: Preferences,
  { origin }: { origin: Origin },
): Promise<Preferences> {
  return transact(async ({ trx, audit }) => {
    const before = (await queries.findSettings(trx, userId)) ?? {}
    const after = unusual(wanted, usualPreferences)
    await queries.saveSettings(trx, userId, after, clock.now())
    audit({
      action: 'user.preferences_changed',
      actorId: userId,
      targetType: 'user',
      targetId: userId,
      before,
      after,
      context: origin,
    })
    return wanted
  })
}

/** Settings of another release may name what this one does not know; that is passed by. */
const withUsual = (settings: unknown) => laidOver(usualPreferences, settings) as Preferences

function laidOver(usual: Switches, chosen: unknown): Switches {
  const given = (typeof chosen === 'object' && chosen !== null ? chosen : {}) as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(usual).map(([name, value]) => {
      if (typeof value === 'object') return [name, laidOver(value, given[name])]
      return [name, typeof given[name] === 'boolean' ? given[name] : value]
    }),
  )
}

/** What of these is not the usual. */
function unusual(chosen: Switches, usual: Switches): Switches {
  return Object.fromEntries(
    Object.entries(chosen).flatMap(([name, value]): [string, boolean | Switches][] => {
      if (typeof value !== 'object') return value === usual[name] ? [] : [[name, value]]
      const inner = unusual(value, usual[name] as Switches)
      return Object.keys(inner).length > 0 ? [[name, inner]] : []
    }),
  )
}
