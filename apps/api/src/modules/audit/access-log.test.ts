import { createTestDatabase, touchedBlocks } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestClient, type TestUser } from '../../testing/test-app.ts'
import { readUser } from '../admin/admin-users.service.ts'
import { commandLine } from '../admin/principal.ts'
import { changeMember, joiningWithPassword } from '../organizations/testing/organization-fixtures.ts'
import { login } from '../sign-in/testing/sign-in-fixtures.ts'
import { accessesPage, searchedEvents } from './access-log.queries.ts'
import { fillLog, logPendingEvents } from './testing/audit-fixtures.ts'

let api: TestApp
let operator: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  operator = await api.signUp({ role: 'super_admin' })
  await operator.inject('PATCH', '/api/v1/users/me', { name: 'Olga Operator' })
})
afterAll(() => api.close())

const url = '/api/v1/users/me/access-log'
async function accessesOf(user: TestClient, query = '') {
  await logPendingEvents(api)
  return dataOf(await user.inject('GET', `${url}${query}`)).accesses
}
const byOlga = { name: 'Olga Operator', role: 'super_admin' }

test('a user sees which administrator read them, alone and in a list, and nothing more of them', async () => {
  const [user, other] = [await api.signUp(), await api.signUp()]
  await operator.inject('GET', `/api/v1/admin/users/${user.userId}`)
  await operator.inject('GET', `/api/v1/admin/users?q=${user.email}`)
  await operator.inject('GET', `/api/v1/admin/users/${other.userId}`)
  const accesses = await accessesOf(user)
  expect(accesses).toEqual([
    {
      id: expect.any(String),
      access: 'read',
      subject: 'profile',
      isList: true,
      actor: byOlga,
      createdAt: expect.any(String),
    },
    {
      id: expect.any(String),
      access: 'read',
      subject: 'profile',
      isList: false,
      actor: byOlga,
      createdAt: expect.any(String),
    },
  ])
  expect(JSON.stringify(accesses)).not.toContain(operator.userId)
  expect(JSON.stringify(accesses)).not.toContain(operator.email)
  expect(await accessesOf(other)).toHaveLength(1)
})

test('changes by administrators and by client_admins are told', async () => {
  const admin = await api.signUp()
  const member = await joiningWithPassword(api, admin)
  await changeMember(admin, member.userId, { role: 'client_admin' })
  await changeMember(admin, member.userId, { role: 'client_user' })
  await operator.inject('POST', `/api/v1/admin/users/${member.userId}/revoke-sessions`)
  const again = api.connect()
  expect((await login(again, member.email)).statusCode).toBe(200)
  expect(await accessesOf(again)).toMatchObject([
    { access: 'changed', subject: 'sessions', actor: byOlga },
    { access: 'changed', subject: 'role', actor: { role: 'client_admin' } },
    { access: 'changed', subject: 'role', actor: { role: 'client_admin' } },
  ])
})

test('reads of the own mails are told', async () => {
  const user = await api.signUp()
  const id = crypto.randomUUID()
  const row = { id, template: 'welcome', to_address: user.email, user_id: user.userId, data: '{}', status: 'sent' }
  await api.db.insertInto('email_messages').values(row).execute()
  await operator.inject('GET', `/api/v1/admin/emails/${id}`)
  await operator.inject('GET', '/api/v1/admin/emails')
  expect(await accessesOf(user)).toMatchObject([
    { access: 'read', subject: 'mail', isList: true, actor: byOlga },
    { access: 'read', subject: 'mail', isList: false, actor: byOlga },
  ])
})

test('an operator at the command line has no name', async () => {
  const user = await api.signUp()
  await readUser(api.deps, commandLine, user.userId)
  expect(await accessesOf(user)).toMatchObject([{ access: 'read', subject: 'profile', actor: null }])
})

test('what the user does, and what others do between themselves and the user, is not told', async () => {
  const [user, other] = [await api.signUp(), await api.signUp()]
  await user.inject('PATCH', '/api/v1/users/me', { name: 'Una User' })
  await other.inject('POST', '/api/v1/friends/requests', { userId: user.userId })
  await other.inject('POST', `/api/v1/friends/${user.userId}/block`)
  await other.inject('GET', `/api/v1/admin/users/${user.userId}`)
  await operator.inject('GET', `/api/v1/admin/users/${operator.userId}`)
  expect(await accessesOf(user)).toEqual([])
  const own = (await accessesOf(operator)).filter(({ isList }: { isList: boolean }) => !isList)
  expect(own).toEqual([])
})

test('pages have each access once, also where many events concern others', async () => {
  const [user, other] = [await api.signUp(), await api.signUp()]
  for (let round = 0; round < 3; round++) {
    await operator.inject('GET', `/api/v1/admin/users/${user.userId}`)
    await operator.inject('GET', `/api/v1/admin/users?q=${user.email}`)
  }
  await logPendingEvents(api)
  const listing = { action: 'admin.users_listed', target_type: 'users', target_id: 'list' }
  await sql`
    insert into audit_pending (id, action, actor_id, target_type, target_id, after)
    select gen_random_uuid(), ${listing.action}, ${operator.userId}::uuid, ${listing.target_type}, ${listing.target_id},
      ${JSON.stringify({ userIds: [other.userId] })}::jsonb
    from generate_series(1, ${searchedEvents + 10}::int)`.execute(api.db)
  await operator.inject('GET', `/api/v1/admin/users/${user.userId}`)
  await logPendingEvents(api)
  const seen: string[] = []
  let pages = 0
  for (let cursor = ''; ; pages++) {
    const page = (await user.inject('GET', `${url}?limit=2${cursor}`)).json()
    seen.push(...page.data.accesses.map(({ id }: { id: string }) => id))
    if (page.pagination.nextCursor === null) break
    cursor = `&cursor=${page.pagination.nextCursor}`
  }
  expect(seen).toHaveLength(7)
  expect(new Set(seen).size).toBe(7)
  expect(pages).toBeGreaterThan(2)
})

test('a page reads a bounded part of a long log', async () => {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const userId = '01890000-0000-7000-8000-000000000001'
  await fillLog(database.db, 50_000, {
    action: sql`case when n % 5 = 0 then 'admin.users_listed' else 'task.updated' end`,
    targetType: sql`case when n % 5 = 0 then 'users' else 'task' end`,
    targetId: sql`n::text`,
    after: sql`'{"userIds": ["01890000-0000-7000-8000-000000000002"]}'::jsonb`,
  })
  const page = {
    userId,
    direct: ['admin.user_read'],
    shared: ['admin.users_listed', 'admin.emails_listed'],
    after: undefined,
    count: 51,
  }
  const blocks = await touchedBlocks(database.db, accessesPage(page, undefined))
  // 2,000 of 10,000 such events, each with a lookup of its personal part.
  expect(blocks).toBeGreaterThan(searchedEvents)
  expect(blocks).toBeLessThan(5 * searchedEvents)
}, 60_000)
