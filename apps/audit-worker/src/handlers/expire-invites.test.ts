import { once } from 'node:events'
import { newId } from '@muster/db'
import { expireInvites } from '@muster/jobs/definitions'
import { openQueue } from '@muster/jobs/queue'
import { failFastRedis } from '@muster/jobs/redis'
import { eventually, insertUser, manualClock } from '@muster/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHarness } from '../testing/harness.ts'

const now = new Date('2026-11-21T03:17:00.000Z')
const ago = (ms: number) => new Date(now.getTime() - ms)
const clock = manualClock(now)

let harness: Awaited<ReturnType<typeof createHarness>>
let inviter: Awaited<ReturnType<typeof insertUser>>
beforeEach(async () => {
  harness = await createHarness()
  inviter = await insertUser(harness.db, { role: 'operator' })
})
afterEach(() => harness.close())

async function insertInvites(count: number, changes: { status?: string; expires_at?: Date; accepted_at?: Date } = {}) {
  const ids = Array.from({ length: count }, () => newId())
  const rest = {
    role: 'operator',
    inviter_id: inviter.id,
    status: 'pending',
    expires_at: now,
    created_at: now,
    updated_at: now,
  }
  const rows = ids.map((id) => ({ id, email: `${id}@example.test`, email_id: newId(), ...rest, ...changes }))
  await harness.db.insertInto('invites').values(rows).execute()
  return ids
}

/** Runs the job now, until it is done. */
async function run() {
  const redis = failFastRedis(harness.redis.url)
  await once(redis, 'ready')
  const queue = await openQueue('audit', redis)
  const job = await queue.add(expireInvites.name, {})
  await eventually(async () => expect(await job.getState()).toBe('completed'), { timeoutMs: 15_000 })
  await queue.close()
  redis.disconnect()
}

const idsWith = async (status: string) =>
  (await harness.db.selectFrom('invites').select('id').where('status', '=', status).orderBy('id').execute()).map(
    ({ id }) => id,
  )

test('ends what ran out, each with one event, and leaves all else as it is; the next night finds nothing', async () => {
  const ran = [...(await insertInvites(700)), ...(await insertInvites(1, { expires_at: ago(86_400_000) }))]
  const open = await insertInvites(2, { expires_at: new Date(now.getTime() + 1) })
  const accepted = await insertInvites(1, { status: 'accepted', accepted_at: ago(1), expires_at: ago(1) })
  const revoked = await insertInvites(1, { status: 'revoked', expires_at: ago(1) })
  // The chain would take the events away.
  const worker = harness.start({ clock, sweepIntervalMs: 60_000 })
  for (let nights = 0; nights < 2; nights++) await run()
  await worker.close()
  expect(await idsWith('expired')).toEqual(ran.sort())
  expect([await idsWith('pending'), await idsWith('accepted'), await idsWith('revoked')]).toEqual([
    open,
    accepted,
    revoked,
  ])
  const { pending, chained } = await harness.db
    .selectNoFrom((eb) => [
      eb
        .selectFrom('audit_pending')
        .select(eb.fn.countAll<number>().as('n'))
        .where('action', '=', 'invite.expired')
        .as('pending'),
      eb
        .selectFrom('audit_events')
        .select(eb.fn.countAll<number>().as('n'))
        .where('action', '=', 'invite.expired')
        .as('chained'),
    ])
    .executeTakeFirstOrThrow()
  expect(Number(pending) + Number(chained)).toBe(ran.length)
})

test('passes by what somebody holds, who is accepting it or sending it again', async () => {
  const [held, free] = await insertInvites(2)
  const trx = await harness.db.startTransaction().execute()
  await trx
    .selectFrom('invites')
    .select('id')
    .where('id', '=', held as string)
    .forNoKeyUpdate()
    .execute()
  const worker = harness.start({ clock })
  await run()
  await worker.close()
  expect([await idsWith('expired'), await idsWith('pending')]).toEqual([[free], [held]])
  await trx.rollback().execute()
})
