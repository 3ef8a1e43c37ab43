import { newId } from '@muster/db'
import { createTestDatabase, type TestDatabase, touchedBlocks } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type InviteFilter, invitePage } from './invites-list.queries.ts'

/** `MUSTER_GROWTH_ROWS=1000000` tests with a million rows, manually. */
const manyRows = Number(process.env.MUSTER_GROWTH_ROWS ?? 100_000)
const fewRows = manyRows / 10
const rowsPerStatement = 5_000
const [busyId, rareId] = [newId(), newId()]
const now = new Date('2026-11-20T12:00:00Z')

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  for (const [id, name] of [
    [busyId, 'busy'],
    [rareId, 'rare'],
  ] as const) {
    await sql`
      insert into users (id, username, name, email, role) values (${id}, ${name}, ${name}, ${`${name}@example.com`}, 'operator')
    `.execute(database.db)
  }
})
afterAll(() => database.drop())

/** Inserts invitations: one inviter sends every eleventh; of each ten, one is pending, one revoked and one expired. */
async function fill(from: number, to: number): Promise<void> {
  for (let start = from; start <= to; start += rowsPerStatement) {
    await insertInvites(start, Math.min(to, start + rowsPerStatement - 1))
  }
  await sql`vacuum analyze invites`.execute(database.db)
}

async function insertInvites(from: number, to: number): Promise<void> {
  await sql`
    insert into invites (id, email, role, inviter_id, email_id, status, expires_at, accepted_at, created_at, updated_at)
    select uuidv7(), n || '@example.com', 'operator', case when n % 11 = 0 then ${rareId}::uuid else ${busyId}::uuid end,
      gen_random_uuid(), status, ${now}::timestamptz + make_interval(days => case status when 'pending' then 3 else -3 end),
      case status when 'accepted' then ${now}::timestamptz end, ${now}, ${now}
    from generate_series(${from}::int, ${to}::int) n,
      lateral (select case n % 10 when 3 then 'pending' when 4 then 'revoked' when 5 then 'expired' else 'accepted' end) s (status)
  `.execute(database.db)
}

const statuses = [undefined, 'pending', 'accepted', 'revoked', 'expired'] as const
const filters: InviteFilter[] = [undefined, busyId, rareId].flatMap((inviterId) =>
  statuses.map((status) => ({ inviterId, status, now })),
)

test('a page of invitations costs the same with ten times as many', async () => {
  const measure = () =>
    Promise.all(filters.map((filter) => touchedBlocks(database.db, invitePage(filter, { limit: 50, offset: 0 }))))
  await fill(1, fewRows)
  const few = await measure()
  await fill(fewRows + 1, manyRows)
  const many = await measure()
  for (const [index, { inviterId, status }] of filters.entries()) {
    const page = { by: inviterId, status, few: few[index], many: many[index] }
    // 50 rows, each with a look-up of its inviter. The index trees may have one more level.
    expect(page).toMatchObject({ many: expect.toSatisfy((blocks: number) => blocks < 600) })
    expect(page).toMatchObject({
      many: expect.toSatisfy((blocks: number) => blocks <= (few[index] as number) * 1.5 + 200),
    })
  }
}, 600_000)
