import { createTestDatabase, type TestDatabase, touchedBlocks } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditPage } from './audit.queries.ts'
import type { AuditFilters } from './audit.schema.ts'

/** `MUSTER_GROWTH_ROWS=1000000` tests with a million rows, manually. */
const manyRows = Number(process.env.MUSTER_GROWTH_ROWS ?? 100_000)
const fewRows = manyRows / 10
const rowsPerStatement = 5_000
const actorId = '01890000-0000-7000-8000-000000000001'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  for (const month of ['2026-01-15', '2026-02-15', '2026-03-15']) {
    await sql`select audit_ensure_partition(${month}::timestamptz)`.execute(database.db)
  }
})
afterAll(() => database.drop())

/** Inserts events `from` to `to`, spread over three months; every fiftieth by one actor, every hundredth of a rare action. */
async function fill(from: number, to: number): Promise<void> {
  for (let start = from; start <= to; start += rowsPerStatement) {
    await insertEvents(start, Math.min(to, start + rowsPerStatement - 1))
  }
  await sql`analyze audit_events, audit_personal`.execute(database.db)
}

async function insertEvents(from: number, to: number): Promise<void> {
  await sql`
    with made as (
      insert into audit_events (seq, id, action, actor_id, target_type, target_id, created_at, personal_digest, key_id,
        previous_hash, hash)
      select n, gen_random_uuid(), case when n % 100 = 0 then 'rare.happened' else 'task.updated' end,
        case when n % 50 = 0 then ${actorId}::uuid else gen_random_uuid() end,
        case when n % 100 = 0 then 'rare' else 'task' end, case when n % 100 = 0 then 'the-rare' else n::text end,
        '2026-01-01'::timestamptz + (n::bigint * 7919 % ${manyRows}) / ${manyRows}::float8 * interval '89 days',
        decode(repeat('00', 32), 'hex'), 'k1', decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')
      from generate_series(${from}::int, ${to}::int) n
      returning id
    )
    insert into audit_personal (event_id, salt, ip) select id, '', '192.0.2.7' from made`.execute(database.db)
}

const blocksOf = (filters: AuditFilters, order: 'newest-first' | 'oldest-first') =>
  touchedBlocks(database.db, auditPage(filters, { order, limit: 51 }))

const searches: Record<string, AuditFilters> = {
  everything: {},
  'of a user': { actorId },
  'of a rare kind': { action: 'rare.happened' },
  'with a number': { seq: 500 },
  'on a rare kind of thing': { targetType: 'rare' },
  'on one thing': { targetId: 'the-rare' },
  'on one thing of its kind': { targetType: 'rare', targetId: 'the-rare' },
  'in a span of the past': { from: '2026-01-20T00:00:00.000Z', to: '2026-02-02T00:00:00.000Z' },
  'of a user in a span of the past': { actorId, from: '2026-01-20T00:00:00.000Z', to: '2026-02-20T00:00:00.000Z' },
}

test('a page reads as few rows with ten times as many events, by every filter', async () => {
  const measure = async () => {
    const measured = new Map<string, number>()
    for (const [name, filters] of Object.entries(searches)) {
      for (const order of ['newest-first', 'oldest-first'] as const) {
        measured.set(`${name}, ${order}`, await blocksOf(filters, order))
      }
    }
    return measured
  }
  await fill(1, fewRows)
  const few = await measure()
  await fill(fewRows + 1, manyRows)
  const many = await measure()
  for (const [name, blocks] of many) {
    // 51 rows, each with a lookup of its personal part; the index trees may grow by a level or two.
    expect({ name, blocks }).toMatchObject({ blocks: expect.toSatisfy((count: number) => count < 600) })
    expect({ name, few: few.get(name), many: blocks }).toMatchObject({
      many: expect.toSatisfy((count: number) => count <= (few.get(name) as number) * 1.5 + 110),
    })
  }
}, 600_000)
