import { eventually, insertTask, rowsRead } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { base } from './testing/admin-fixtures.ts'

/* What the pages for operators ask reads no more rows when an installation has many. */

/** A search that finds more than 10,000 reads them in the order of its list. */
const manyOrganizations = 12_000
const many = 3_000
const few = 40

let api: TestApp
let operator: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  operator = await api.signUp({ role: 'operator' })
  await sql`
    insert into organizations (id, name, is_personal)
    select gen_random_uuid(), 'Many ' || n || case when n % 3000 = 0 then ' Nadel' else '' end, true
    from generate_series(1, ${manyOrganizations}::int) n`.execute(api.db)
  await sql`
    insert into users (id, username, name, email, role)
    select gen_random_uuid(), 'some' || n, 'Sömebody ' || n || case when n % 1000 = 0 then ' Nädel' else '' end,
      'some' || n || case when n % 1000 = 1 then '-nadel' else '' end || '@example.test', 'operator'
    from generate_series(1, ${many}::int) n`.execute(api.db)
  await sql`
    insert into invites (id, email, role, inviter_id, email_id, status, expires_at, created_at, updated_at)
    select gen_random_uuid(), 'some' || n || case when n % 1000 = 0 then '-nadel' else '' end || '@example.test', 'operator',
      ${operator.userId}::uuid, gen_random_uuid(), 'revoked', now(), now(), now()
    from generate_series(1, ${many}::int) n`.execute(api.db)
  // Mails of long ago; jobs that wait, and failed ones: many of one queue, few of another.
  await sql`
    insert into email_messages (id, template, to_address, data, status)
    select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'welcome', 'm@example.test', '{}', 'sent'
    from generate_series(1, ${many}::int) n`.execute(api.db)
  await sql`
    insert into outbox (id, queue, name, payload, published_at, failed_at, error)
    select gen_random_uuid(), case when n % 150 = 0 then 'image' else 'email' end, 'none', '{}', now(),
      case when n % 3 = 0 then now() end, 'The reason ' || n % 2
    from generate_series(1, ${many}::int) n`.execute(api.db)
  const task = await insertTask(api.db, { id: operator.userId, organization_id: null })
  await sql`
    insert into reminders (id, task_id, user_id, scheduled_at)
    select gen_random_uuid(), ${task.id}::uuid, ${operator.userId}::uuid, now() + n * interval '1 hour'
    from generate_series(1, ${many}::int) n`.execute(api.db)
  for (const table of ['organizations', 'users', 'invites', 'email_messages', 'outbox', 'reminders'])
    await sql`vacuum analyze ${sql.table(table)}`.execute(api.db)
}, 120_000)
afterAll(() => api.close())

const get = async (url: string) => (await operator.inject('GET', url)).json()

/** Answers, and counts the rows of a table that were read for it. */
async function reading(table: string, url: string) {
  let answer: Awaited<ReturnType<typeof get>>
  const read = await rowsRead(api.deps.db, table, async () => {
    answer = await get(url)
  })
  return { ...read, answer }
}

test.each([
  ['users', `${base}/users`, 6],
  ['organizations', `${base}/organizations`, 4],
  ['invites', '/api/v1/invites', 3],
])('a search among many %s reads those that it finds', async (table, url, count) => {
  for (const [q, found] of [
    ['nadel', count],
    ['nobody-here', 0],
  ] as const) {
    const { inSequence, byIndex, answer } = await reading(table, `${url}?q=${q}`)
    expect([q, inSequence, answer.data[table].length]).toEqual([q, 0, found])
    // Each is found, counted, read for the page, and named where it is shown.
    expect(byIndex, q).toBeLessThan(few)
  }
})

test('the list of organizations counts what belongs to those of its page alone', async () => {
  for (const table of ['organizations', 'users', 'invites']) {
    const { inSequence, byIndex } = await reading(table, `${base}/organizations?limit=20`)
    expect([table, inSequence]).toEqual([table, 0])
    expect(byIndex, table).toBeLessThan(2 * few)
  }
})

test('a part that many organizations have, also a short one, reads as many as make it many, and then a page', async () => {
  for (const q of ['many', 'an', 'M']) {
    const { inSequence, byIndex, answer } = await reading('organizations', `${base}/organizations?q=${q}&limit=20`)
    expect([q, answer.data.organizations.length]).toEqual([q, 20])
    expect(inSequence + byIndex, q).toBeLessThan(10_001 + 2 * few)
  }
})

test('a part of one or two letters is found anywhere in a name, a username or an address', async () => {
  const found = async (q: string) => {
    const { data } = await get(`${base}/users?q=${encodeURIComponent(q)}`)
    return data.users.map(({ name }: { name: string }) => name)
  }
  await api.db
    .updateTable('users')
    .set({ name: 'Jo Qxé', username: 'jq_0', email: 'wz@example.test' })
    .where('username', '=', 'some7')
    .execute()
  for (const q of ['qx', 'QX', 'xé', 'wz', 'jq', 'xe']) expect([q, await found(q)]).toEqual([q, ['Jo Qxé']])
  for (const q of ['%', '_%', '\\', '“']) expect([q, await found(q)]).toEqual([q, []])
})

test('the state of the installation reads the failed jobs by their index, of mails those of a day, of reminders the late ones', async () => {
  const failed = many / 3
  for (const [table, most] of [
    ['outbox', failed + few],
    ['email_messages', few],
    ['reminders', few],
  ] as const) {
    const { inSequence, byIndex, answer } = await reading(table, `${base}/status`)
    expect([table, inSequence, answer.data.status.unknown]).toEqual([table, 0, []])
    expect(byIndex, table).toBeLessThan(most)
  }
})

test('failures by reason read the failed jobs of their queue alone', async () => {
  for (const [queue, failed, most] of [
    ['image', many / 150, (3 * many) / 150 + few],
    ['email', many / 3 - many / 150, many + few],
  ] as const) {
    const { inSequence, byIndex } = await rowsRead(api.deps.db, 'outbox', () =>
      eventually(async () => {
        const { data } = await get(`${base}/queues/${queue}/failures`)
        expect(data).toMatchObject({ isComplete: true, counted: failed })
      }),
    )
    expect([queue, inSequence]).toEqual([queue, 0])
    // They are counted, found page by page, and grouped.
    expect(byIndex, queue).toBeLessThan(most)
  }
})
