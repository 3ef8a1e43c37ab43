import { rowsRead } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { countOf, listPage, notificationsUrl, notify, read } from './testing/notifications-fixtures.ts'

/** Most rows belong to one user, so that reading all of them differs clearly from reading a page. */
const many = 200_000
const rowsPerStatement = 20_000
/** Unread, and of a rare type. */
const few = 5
/** A page of each type, and as much again for index entries of deleted rows. */
const most = 7 * 51 * 2

let api: TestApp
let busy: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  busy = await api.signUp()
  await sql`alter table notifications disable trigger user`.execute(api.db)
  for (let from = 1; from <= many; from += rowsPerStatement) {
    await sql`
      insert into notifications (id, user_id, type, title, message, is_read, created_at)
      select gen_random_uuid(), ${busy.userId}::uuid, case when n <= ${few} then 'invite' else 'general' end, 'News', 'n' || n,
        n > ${few}, now() - n * interval '10 seconds'
      from generate_series(${from}::int, ${from + rowsPerStatement - 1}::int) n`.execute(api.db)
  }
  await sql`alter table notifications enable trigger user`.execute(api.db)
  await sql`vacuum analyze notifications`.execute(api.db)
}, 120_000)
afterAll(() => api.close())

const readFor = (work: () => Promise<unknown>) => rowsRead(api.deps.db, 'notifications', work)

test.each(['', '?unread=true', '?unread=false', '?type=invite', '?type=chat&unread=true', '?type=invite,general'])(
  'the list %s of a user with very many reads no more than a page of each type',
  async (query) => {
    // Often enough for Postgres to switch to a generic plan.
    for (let time = 0; time < 8; time++) await listPage(busy, query)
    const used = await readFor(async () => {
      expect((await busy.inject('GET', `${notificationsUrl}${query}`)).statusCode).toBe(200)
    })
    expect(used.inSequence).toBe(0)
    expect(used.byIndex).toBeLessThan(most)
  },
)

test('a page far from the first reads as few rows as the first', async () => {
  let { nextCursor } = await listPage(busy)
  for (let page = 0; page < 20; page++) nextCursor = (await listPage(busy, `?cursor=${nextCursor}`)).nextCursor
  // Often enough for every connection of the pool to use a generic plan.
  for (let time = 0; time < 3; time++) {
    await Promise.all(Array.from({ length: 30 }, () => listPage(busy, `?cursor=${nextCursor}`)))
    const used = await readFor(() => listPage(busy, `?cursor=${nextCursor}`))
    expect(used.inSequence).toBe(0)
    expect(used.byIndex).toBeLessThan(most)
  }
})

test('counting the unread reads only unread rows', async () => {
  for (let time = 0; time < 8; time++) await countOf(busy)
  const used = await readFor(async () => expect(await countOf(busy)).toBe(few))
  expect(used).toMatchObject({ inSequence: 0 })
  expect(used.byIndex).toBeLessThanOrEqual(2 * few)
})

test('notifying and reading scan no more than the last hour', async () => {
  const message = (text: string) => ({ userId: busy.userId, type: 'general' as const, title: 'News', message: text })
  for (let time = 0; time < 8; time++) await notify(api, [message(`warm ${time}`)])
  const [newest] = (await listPage(busy)).notifications
  const used = await readFor(async () => {
    await notify(api, [message('another')])
    await read(busy, newest?.id ?? '')
  })
  expect(used.inSequence).toBe(0)
  // The last hour contains 360 of the rows above.
  expect(used.byIndex).toBeLessThan(1_500)
})
