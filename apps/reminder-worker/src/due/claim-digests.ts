import { sendDigest } from '@muster/jobs/definitions'
import { applyDefaults } from '@muster/policy'
import type { Deps } from '../deps.ts'
import { lookAt } from './digest-times.ts'
import * as queries from './digests.queries.ts'

/** People of one hand-over. */
const claimLimit = 500

/**
 * Looks at everybody whose digest may be due, or of whom something changed that it depends on: orders a `send-digest` job
 * for the newest digest, notes those that it is too late for, and sets when to look again; all in one transaction.
 * @returns whether there may be more
 */
export async function claimDigests({ transact, clock }: Pick<Deps, 'transact' | 'clock'>): Promise<boolean> {
  const now = clock.now()
  return transact(async ({ trx, enqueue }) => {
    const people = await queries.lockPeopleToLookAt(trx, now, claimLimit)
    const looks = people.map((person) => ({ userId: person.id, ...lookAtPerson(person, now) }))
    await queries.setNextDigests(trx, looks)
    const missed = looks.flatMap(({ userId, missed }) => missed.map((digest) => ({ userId, ...digest })))
    if (missed.length > 0) await queries.insertMissed(trx, missed, now)
    for (const { userId, due } of looks) {
      if (due) enqueue(sendDigest, { userId, localDate: due.localDate })
    }
    return people.length === claimLimit
  })
}

function lookAtPerson({ isActive, settings, next_digest_at: since, timezone }: queries.PersonToLookAt, now: Date) {
  if (isActive && applyDefaults(settings).morningDigest) return lookAt({ since, timezone }, now)
  return { due: undefined, missed: [], next: null }
}
