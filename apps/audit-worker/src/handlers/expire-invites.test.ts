import { newId } from '@muster/db'
import { expireInvites } from '@muster/jobs/definitions'
import { insertUser, manualClock } from '@muster/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHarness, type Harness } from '../testing/harness.ts'

const now = new Date('2026-11-21T03:17:00.000Z')
const ago = (ms: number) => new Date(now.getTime() - ms)
const clock = manualClock(now)

let harness: Harness
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

const idsWith = async (status: string) =>
  (await harness.db.selectFrom('invites').select('id').where('status', '=', status).orderBy('id').execute()).map(
    ({ id }) => id,
  )

test('overdue invitations expire, each with one audit event, and no other invitation changes', async () => {
  const overdue = [...(await insertInvites(700)), ...(await insertInvites(1, { expires_at: ago(86_400_000) }))]
  const open = await insertInvites(2, { expires_at: new Date(now.getTime() + 1) })
  const accepted = await insertInvites(1, { status: 'accepted', accepted_at: ago(1), expires_at: ago(1) })
  const revoked = await insertInvites(1, { status: 'revoked', expires_at: ago(1) })
  // The worker may chain the events meanwhile.
  const worker = harness.start({ clock, pollIntervalMs: 60_000 })
  for (let run = 0; run < 2; run++) await harness.runJob(expireInvites)
  await worker.close()
  expect(await idsWith('expired')).toEqual(overdue.sort())
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
  expect(Number(pending) + Number(chained)).toBe(overdue.length)
})

test('each expired invitation is signalled to the sockets of its inviter', async () => {
  const [id] = await insertInvites(1)
  const signals: object[] = []
  const publisher = { ...harness.publisher, signal: (sent: readonly object[]) => signals.push(...sent) }
  const worker = harness.start({ clock, publisher })
  await harness.runJob(expireInvites)
  await worker.close()
  expect(signals).toEqual([{ room: `user:${inviter.id}`, event: 'invite', id }])
})

test('an invitation that another transaction has locked is skipped', async () => {
  const [held, free] = await insertInvites(2)
  const trx = await harness.db.startTransaction().execute()
  await trx
    .selectFrom('invites')
    .select('id')
    .where('id', '=', held as string)
    .forNoKeyUpdate()
    .execute()
  const worker = harness.start({ clock })
  await harness.runJob(expireInvites)
  await worker.close()
  expect([await idsWith('expired'), await idsWith('pending')]).toEqual([[free], [held]])
  await trx.rollback().execute()
})
