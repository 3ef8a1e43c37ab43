import { newId } from '@muster/db'
import { insertTask, touchedBlocks } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { codeOf } from '../sign-in/testing/sign-in-fixtures.ts'
import { base, clientRoles, eventsOf, oneOfEach, unknownId } from './testing/admin-fixtures.ts'
import { affected } from './user-consequences.queries.ts'

/* What operators see of organizations and of invitations. */

let api: TestApp
let operator: TestUser
let owner: TestUser
let organizationId: string

beforeAll(async () => {
  api = await buildTestApp()
  ;[operator, owner] = [await api.signUp({ role: 'operator' }), await api.signUp()]
  organizationId = owner.organizationId as string
  await api.db
    .updateTable('organizations')
    .set({ name: 'Ängström & Söhne', is_personal: false })
    .where('id', '=', organizationId)
    .execute()
})
afterAll(() => api.close())

const url = `${base}/organizations`
const list = async (query = '') => (await operator.inject('GET', `${url}${query}`)).json()

test('an organization is found by a part of its name, with members, storage and open invitations', async () => {
  await api.signUp({ role: 'client_user', organizationId })
  await api.signUp({ role: 'client_user', organizationId })
  await api.db
    .updateTable('users')
    .set({ is_active: false })
    .where('organization_id', '=', organizationId)
    .where('role', '=', 'client_user')
    .where('id', '<>', owner.userId)
    .execute()
  const task = await insertTask(api.db, { id: owner.userId, organization_id: organizationId })
  await api.db
    .insertInto('attachments')
    .values({
      id: newId(),
      task_id: task.id,
      organization_id: organizationId,
      uploader_id: owner.userId,
      filename: 'a.txt',
      content_type: 'text/plain',
      kind: 'document',
      status: 'ready',
      storage_key: newId(),
      size_bytes: 1234,
      original_size_bytes: 1234,
    })
    .execute()
  const invite = (email: string) => owner.inject('POST', '/api/v1/invites', { email, role: 'client_user' })
  await invite('one@example.test')
  const { id } = dataOf(await invite('two@example.test')).invite
  await owner.inject('DELETE', `/api/v1/invites/${id}`, { note: 'A mistake.' })
  const found = await list(`?q=${encodeURIComponent('angstrom & so')}`)
  expect(found.data.organizations).toMatchObject([
    { id: organizationId, memberCount: 3, usedBytes: 1234, openInvitations: 1, isPersonal: false },
  ])
  const { organization } = dataOf(await operator.inject('GET', `${url}/${organizationId}`))
  expect(organization).toMatchObject({
    ...found.data.organizations[0],
    inactiveMembers: 2,
    membersLackingFactor: 0,
    fileCount: 1,
    taskCount: 1,
    admins: [{ id: owner.userId }],
  })
  expect(organization.quotaBytes).toBeGreaterThan(0)
  expect(await eventsOf(api, 'admin.organization_read', organizationId)).toMatchObject([{ actor_id: operator.userId }])
  expect(await eventsOf(api, 'invite.revoked', id)).toMatchObject([
    { after: { status: 'revoked', note: 'A mistake.' } },
  ])
  const listed = await eventsOf(api, 'admin.organizations_listed')
  expect(listed).toMatchObject([{ after: { filters: { isSearch: true }, organizationIds: [organizationId] } }])
  expect(JSON.stringify(listed)).not.toContain('angstrom')
})

test('members are listed by their organization, and each user with its name', async () => {
  const member = await api.signUp({ role: 'client_user', organizationId })
  const { data } = (await operator.inject('GET', `${base}/users?organizationId=${organizationId}&isActive=true`)).json()
  expect(data.users.map(({ id }: { id: string }) => id)).toEqual([member.userId, owner.userId])
  expect(data.users[0]).toMatchObject({ organizationName: 'Ängström & Söhne' })
})

test('each organization is on one page', async () => {
  for (let count = 0; count < 5; count++) await api.signUp()
  const seen: string[] = []
  for (let cursor = ''; ; ) {
    const { data, pagination } = await list(`?isPersonal=true&limit=2${cursor}`)
    seen.push(...data.organizations.map(({ id }: { id: string }) => id))
    if (pagination.nextCursor === null) break
    cursor = `&cursor=${pagination.nextCursor}`
  }
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen.length).toBeGreaterThanOrEqual(5)
  expect(seen).not.toContain(organizationId)
})

test('only platform roles see organizations; unknown ones and wrong filters are refused', async () => {
  const people = await oneOfEach(api)
  for (const role of clientRoles)
    for (const path of ['', `/${people[role].organizationId}`])
      expect((await people[role].inject('GET', `${url}${path}`)).statusCode).toBe(403)
  expect(codeOf(await operator.inject('GET', `${url}/${unknownId}`))).toBe('NOT_FOUND')
  for (const query of ['?q=', '?isPersonal=1', '?cursor=x', '?name=x'])
    expect(codeOf(await operator.inject('GET', `${url}${query}`))).toBe('VALIDATION_FAILED')
})

test('invitations of everybody are found by a part of the address and by organization', async () => {
  const other = await api.signUp()
  await other.inject('POST', '/api/v1/invites', { email: 'Lost.Letter@example.test', role: 'client_user' })
  const read = async (query: string, by: TestUser = operator) =>
    (await by.inject('GET', `/api/v1/invites?${query}`)).json().data.invites
  expect(await read('q=LETTER@')).toMatchObject([
    { email: 'lost.letter@example.test', organizationId: other.organizationId, emailId: expect.any(String) },
  ])
  expect(await read(`organizationId=${other.organizationId}`)).toHaveLength(1)
  expect(await read('q=letter', owner)).toEqual([])
  for (const status of ['pending', 'expired'])
    expect(await read(`q=letter&status=${status}`)).toHaveLength(status === 'pending' ? 1 : 0)
})

test('the consequences read no more when others have many rows', async () => {
  const { userId } = await api.signUp()
  await sql`
    insert into email_messages (id, template, to_address, user_id, data, status)
      select gen_random_uuid(), 'welcome', 'm@example.test', ${owner.userId}::uuid, '{}', 'queued'
      from generate_series(1, 5000) n`.execute(api.db)
  await sql`
    insert into tasks (id, owner_id, title) select gen_random_uuid(), ${owner.userId}::uuid, 'Task ' || n
    from generate_series(1, 5000) n`.execute(api.db)
  await sql`vacuum analyze email_messages, tasks`.execute(api.db)
  const now = new Date()
  expect(await touchedBlocks(api.db, affected({ id: userId, organization_id: null }, now))).toBeLessThan(60)
})
