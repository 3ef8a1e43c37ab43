import { sendDigest } from '@muster/jobs/definitions'
import { applyDefaults } from '@muster/policy'
import type { Deps } from '../deps.ts'
import { planDigests } from './digest-times.ts'
import * as queries from './digests.queries.ts'

/** Users per transaction. */
const claimLimit = 500

/**
 * Claims users whose digest may be due, or whose time zone or preferences changed: enqueues a `send-digest` job for the newest
 * digest, records the missed ones and stores the time of the next claim, all in one transaction.
 * @returns whether there may be more
 */
export async function claimDigests({ transact, clock }: Pick<Deps, 'transact' | 'clock'>): Promise<boolean> {
  const now = clock.now()
  return transact(async ({ trx, enqueue }) => {
    const users = await queries.lockDueUsers(trx, now, claimLimit)
    const plans = users.map((user) => ({ userId: user.id, ...planFor(user, now) }))
    await queries.setNextDigests(trx, plans)
    const missed = plans.flatMap(({ userId, missed }) => missed.map((digest) => ({ userId, ...digest })))
    if (missed.length > 0) await queries.insertMissed(trx, missed, now)
    for (const { userId, due } of plans) {
      if (due) enqueue(sendDigest, { userId, localDate: due.localDate })
    }
    return users.length === claimLimit
  })
}

/** Inactive users and users without the morning digest have no next one; turning it on again sets a new time. */
function planFor({ isActive, settings, next_digest_at: since, timezone }: queries.DueUser, now: Date) {
  if (isActive && applyDefaults(settings).morningDigest) return planDigests({ since, timezone }, now)
  return { due: undefined, missed: [], next: null }
}
