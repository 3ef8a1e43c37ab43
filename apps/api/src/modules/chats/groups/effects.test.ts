import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../../testing/test-app.ts'
import {
  changesOf,
  chatOf,
  chatsUrl,
  createDirect,
  createGroup,
  makeFriends,
  messagesUrl,
  send,
  trySend,
} from '../testing/chat-fixtures.ts'

/** Effects on chats when an organization, a friendship or a role changes. */
let api: TestApp
beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const colleague = ({ organizationId }: TestUser) =>
  api.signUp({ role: 'client_user', organizationId: organizationId as string })
const statusOf = async (as: TestUser, chatId: string) => (await as.inject('GET', `${chatsUrl}/${chatId}`)).statusCode
const block = (as: TestUser, { userId }: TestUser) => as.inject('POST', `/api/v1/friends/${userId}/block`)
const sendStatus = async (as: TestUser, chatId: string) => (await trySend(as, chatId, { body: 'Hello?' })).statusCode

test('who leaves an organization leaves its groups with it, and the longest member becomes admin', async () => {
  const ann = await api.signUp()
  const [bo, cy] = [await colleague(ann), await colleague(ann)]
  const { id, change } = await createGroup(bo, [ann, cy], { organizationId: ann.organizationId })
  const open = await createGroup(bo, [ann])
  const left = await bo.inject('DELETE', `/api/v1/organization/members/${bo.userId}`)
  expect(left.statusCode).toBe(200)
  expect([await statusOf(bo, id), await statusOf(bo, open.id)]).toEqual([404, 200])
  const { changes } = await changesOf(ann, id, change)
  expect(changes).toMatchObject([
    { change: change + 1, member: { user: { id: bo.userId }, leftAt: expect.any(String) } },
    { change: change + 2, member: { user: { id: ann.userId }, role: 'admin', leftAt: null } },
  ])
  const events = await api.db
    .selectFrom('audit_pending')
    .select(['action', 'actor_id'])
    .where('target_id', '=', id)
    .where('action', 'not in', ['chat.created', 'access.denied'])
    .orderBy('id')
    .execute()
  expect(events).toEqual([
    { action: 'chat.member_left', actor_id: bo.userId },
    { action: 'chat.role_changed', actor_id: bo.userId },
  ])
})

test('a member who is removed, or gets a platform role, leaves the groups of the organization', async () => {
  const admin = await api.signUp({ role: 'super_admin' })
  const ann = await api.signUp()
  const [bo, cy] = [await colleague(ann), await api.signUp({ organizationId: ann.organizationId as string })]
  const { id } = await createGroup(ann, [bo, cy], { organizationId: ann.organizationId })
  expect((await ann.inject('DELETE', `/api/v1/organization/members/${bo.userId}`)).statusCode).toBe(200)
  const patched = await admin.inject('PATCH', `/api/v1/admin/users/${cy.userId}`, { role: 'operator' })
  expect(patched.statusCode, patched.body).toBe(200)
  expect((await chatOf(ann, id)).memberCount).toBe(1)
})

test('who is added to a group while they leave its organization is no member afterwards', async () => {
  const ann = await api.signUp()
  const { id } = await createGroup(ann, [], { organizationId: ann.organizationId })
  for (let round = 0; round < 3; round++) {
    const cy = await colleague(ann)
    await Promise.all([
      ann.inject('POST', `${chatsUrl}/${id}/members`, { userIds: [cy.userId] }),
      ann.inject('DELETE', `/api/v1/organization/members/${cy.userId}`),
    ])
    expect(await statusOf(cy, id)).toBe(404)
  }
  expect((await chatOf(ann, id)).memberCount).toBe(1)
})

test('a direct chat is read-only for both after a block, and one’s own messages can be deleted', async () => {
  const [ann, bo] = [await api.signUp(), await api.signUp()]
  await makeFriends(api, ann, bo)
  const { id } = await createDirect(ann, bo)
  const [hers, his] = [await send(ann, id), await send(bo, id)]
  expect((await block(bo, ann)).statusCode).toBe(200)
  for (const user of [ann, bo]) {
    expect((await chatOf(user, id)).writable).toBe(false)
    expect(await sendStatus(user, id)).toBe(403)
  }
  expect((await ann.inject('DELETE', `${messagesUrl(id)}/${hers.id}`)).statusCode).toBe(200)
  expect((await bo.inject('DELETE', `${messagesUrl(id)}/${his.id}`)).statusCode).toBe(200)
})

test('a direct chat ends to be writable with the friendship, or with the common organization', async () => {
  const [ann, bo] = [await api.signUp(), await api.signUp()]
  await makeFriends(api, ann, bo)
  const cy = await colleague(ann)
  const [withBo, withCy] = [await createDirect(ann, bo), await createDirect(ann, cy)]
  await ann.inject('DELETE', `/api/v1/friends/${bo.userId}`)
  await ann.inject('DELETE', `/api/v1/organization/members/${cy.userId}`)
  for (const [user, { id }] of [
    [bo, withBo],
    [cy, withCy],
  ] as const) {
    expect([await sendStatus(ann, id), await sendStatus(user, id)]).toEqual([403, 403])
    expect((await chatOf(user, id)).writable).toBe(false)
  }
})

test('a message that waits while the other user blocks is refused', async () => {
  const [ann, bo] = [await api.signUp(), await api.signUp()]
  await makeFriends(api, ann, bo)
  const { id } = await createDirect(ann, bo)
  const [locked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const holding = api.db.transaction().execute(async (trx) => {
    await sql`select from chats where id = ${id} for no key update`.execute(trx)
    locked.resolve()
    await released.promise
  })
  await locked.promise
  const waiting = (count: number) =>
    eventually(async () => {
      const { rows } = await sql<{ count: number }>`
        select count(*)::int as count from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`.execute(api.db)
      expect(rows[0]?.count).toBe(count)
    })
  const blocked = block(bo, ann)
  await waiting(1)
  const message = sendStatus(ann, id)
  await waiting(2)
  released.resolve()
  await holding
  expect([(await blocked).statusCode, await message]).toEqual([200, 403])
  expect((await chatOf(ann, id)).lastSeq).toBe(0)
})
