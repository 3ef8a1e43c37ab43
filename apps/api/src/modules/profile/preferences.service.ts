import { isDeepStrictEqual } from 'node:util'
import type { Json, Trx } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import { applyDefaults, omitDefaults, type Preferences } from '@muster/policy'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { lockAndRescheduleDigest } from '../accounts/accounts.service.ts'
import { announcePresence } from '../accounts/announce-presence.ts'
import * as queries from './preferences.queries.ts'

/** Reads the user's preferences, completed by the defaults. */
export async function getPreferences({ db }: Pick<Deps, 'db'>, userId: string): Promise<Preferences> {
  return applyDefaults(await queries.findSettings(db, userId))
}

/** Replaces all preferences of the actor. Only those that differ from the defaults are stored. */
export async function replacePreferences(
  { transact, clock }: Pick<Deps, 'transact' | 'clock'>,
  { userId }: Actor,
  wanted: Preferences,
  { origin }: { origin: Origin },
): Promise<Preferences> {
  return transact(async (tx) => {
    const before = (await lockAndReadSettings(tx.trx, userId, clock.now())) ?? {}
    await save(tx, userId, { before, after: omitDefaults(wanted) }, { actorId: userId, origin, now: clock.now() })
    return wanted
  })
}

/** The kinds of mails that have a link which turns them off, and the preferences without them. */
const withoutMails = {
  'morning-digest': (chosen: Preferences) => ({ ...chosen, morningDigest: false }),
  'unread-messages': ({ notifications, ...chosen }: Preferences) => ({
    ...chosen,
    notifications: { ...notifications, chat: { ...notifications.chat, email: false } },
  }),
}
export type OptOutMail = keyof typeof withoutMails

/**
 * Turns off the user's mails of one kind, by the link in such a mail. The request is not authenticated, so the audit event has no
 * actor. Without effect and audit event when they are off already.
 */
export async function turnMailsOff(
  { transact, clock }: Pick<Deps, 'transact' | 'clock'>,
  userId: string,
  mail: OptOutMail,
  { origin }: { origin: Origin },
): Promise<void> {
  await transact(async (tx) => {
    const before = await lockAndReadSettings(tx.trx, userId, clock.now())
    const chosen = applyDefaults(before)
    const changed = withoutMails[mail](chosen)
    if (!before || isDeepStrictEqual(chosen, changed)) return
    const after = omitDefaults(changed)
    await save(tx, userId, { before, after }, { actorId: null, origin, now: clock.now() })
  })
}

/**
 * Locks the user until the transaction ends, so that changes of preferences run one after another, reschedules their next
 * digest and reads their settings. Undefined when the user does not exist.
 */
async function lockAndReadSettings(trx: Trx, userId: string, now: Date): Promise<Json | undefined> {
  if (!(await lockAndRescheduleDigest(trx, userId, now))) return undefined
  return (await queries.findSettings(trx, userId)) ?? {}
}

async function save(
  { trx, audit, signal }: Pick<TransactContext, 'trx' | 'audit' | 'signal'>,
  userId: string,
  { before, after }: { before: Json; after: Json },
  { actorId, origin, now }: { actorId: string | null; origin: Origin; now: Date },
): Promise<void> {
  await queries.saveSettings(trx, userId, after, now)
  if (applyDefaults(before).presence !== applyDefaults(after).presence) announcePresence({ signal }, userId)
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
