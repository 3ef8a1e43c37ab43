import { createTestDatabase, rowsRead } from '@muster/testing'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { findWork } from './slow-path.ts'

test('a poll reads none of the jobs that wait in Redis, and finds those that waited too long', async () => {
  const { db, drop } = await createTestDatabase()
  onTestFinished(drop)
  await sql`
    insert into outbox (id, queue, name, payload, published_at)
    select gen_random_uuid(), 'email', 'none', '{}', now() from generate_series(1, 3000)`.execute(db)
  await sql`vacuum analyze outbox`.execute(db)
  const { inSequence, byIndex } = await rowsRead(db, 'outbox', () => findWork(db, 60_000))
  expect(inSequence).toBe(0)
  expect(byIndex).toBeLessThan(10)
  expect(await findWork(db, 60_000)).toEqual({ hasPending: false, hasStale: false, heldAt: null })
  expect(await findWork(db, 0)).toEqual({ hasPending: false, hasStale: true, heldAt: null })
})
