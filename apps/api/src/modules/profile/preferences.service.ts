import type { Json, Trx } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import { applyDefaults, omitDefaults, type Preferences } from '@muster/policy'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { lockAndRescheduleDigest } from '../accounts/accounts.service.ts'
import * as queries from './preferences.queries.ts'

/** What the person chose, and the usual for the rest. */
export async function getPreferences({ db }: Pick<Deps, 'db'>, userId: string): Promise<Preferences> {
  return applyDefaults(await queries.findSettings(db, userId))
}

/** Replaces all of the person's preferences; only what is not the usual is kept. */
export async function replacePreferences(
  { transact, clock }: Pick<Deps, 'transact' | 'clock'>,
  { userId }: Actor,
  wanted: Preferences,
  { origin }: { origin: Origin },
): Promise<Preferences> {
  return transact(async (tx) => {
    const before = (await lockSettings(tx.trx, userId, clock.now())) ?? {}
    await save(tx, userId, { before, after: omitDefaults(wanted) }, { actorId: userId, origin, now: clock.now() })
    return wanted
  })
}

/**
 * Turns the person's morning digest off, as the link in every digest does; whoever has it off already keeps it so without
 * a trace. Nobody is signed in: the event names no actor.
 */
export async function turnDigestOff(
  { transact, clock }: Pick<Deps, 'transact' | 'clock'>,
  userId: string,
  { origin }: { origin: Origin },
): Promise<void> {
  await transact(async (tx) => {
    const before = await lockSettings(tx.trx, userId, clock.now())
    const chosen = applyDefaults(before)
    if (!before || !chosen.morningDigest) return
    const after = omitDefaults({ ...chosen, morningDigest: false })
    await save(tx, userId, { before, after }, { actorId: null, origin, now: clock.now() })
  })
}

/**
 * What the person changed until now; undefined when they are gone. The next digest is computed anew, which locks them: of
 * two changes each sees the other.
 */
async function lockSettings(trx: Trx, userId: string, now: Date): Promise<Json | undefined> {
  if (!(await lockAndRescheduleDigest(trx, userId, now))) return undefined
  return (await queries.findSettings(trx, userId)) ?? {}
}

async function save(
  { trx, audit }: Pick<TransactContext, 'trx' | 'audit'>,
  userId: string,
  { before, after }: { before: Json; after: Json },
  { actorId, origin, now }: { actorId: string | null; origin: Origin; now: Date },
): Promise<void> {
  await queries.saveSettings(trx, userId, after, now)
  audit({
    action: 'user.preferences_changed',
    actorId,
    targetType: 'user',
    targetId: userId,
    before,
    after,
    context: origin,
  })
}
