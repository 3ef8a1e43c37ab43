import { analyticsKey } from '@muster/cache'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHarness } from './testing/harness.ts'

let world: Awaited<ReturnType<typeof createHarness>>

beforeEach(async () => {
  world = await createHarness()
})
afterEach(() => world.close())

const dayMs = 86_400_000
const isDropped = () =>
  eventually(async () => expect(await world.redis.client.get(analyticsKey(world.userId))).toBeNull())

test.each([
  ['is sent', () => new Date(), 'sent'],
  ['was missed', () => new Date(Date.now() - 2 * dayMs), 'failed'],
])('a reminder that %s invalidates the cached analytics of its user', async (_what, at, status) => {
  const { client } = world.redis
  await client.set(analyticsKey(world.userId), '{}')
  world.start()
  const id = await world.insertReminder({ scheduled_at: at() })
  await eventually(async () => expect(await world.reminder(id)).toMatchObject({ status }), { timeoutMs: 10_000 })
  await isDropped()
})

test('a reminder that fails after its last attempt invalidates them too', async () => {
  await sql`alter table reminder_deliveries add constraint refuse_all check (late is null)`.execute(world.db)
  await world.redis.client.set(analyticsKey(world.userId), '{}')
  world.start()
  const id = await world.insertReminder({ scheduled_at: new Date() })
  const isFailed = async () => expect(await world.reminder(id)).toMatchObject({ failure_reason: 'error' })
  await eventually(isFailed, { timeoutMs: 45_000 })
  await isDropped()
}, 60_000)
