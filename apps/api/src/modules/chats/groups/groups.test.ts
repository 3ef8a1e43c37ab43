import { Readable } from 'node:stream'
import { newId } from '@muster/db'
import { groupAvatarKeys } from '@muster/storage'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { picture } from '../../../http/uploads/testing/sample-files.ts'
import { dataOf } from '../../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../../testing/test-app.ts'
import { formOf } from '../../attachments/testing/upload-fixtures.ts'
import {
  changesOf,
  chatOf,
  chatsUrl,
  createDirect,
  createGroup,
  makeFriends,
  messagesOf,
  messagesUrl,
  send,
  trySend,
} from '../testing/chat-fixtures.ts'

let api: TestApp
let ann: TestUser
let bo: TestUser
let cy: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  ann = await api.signUp()
  bo = await join()
  cy = await join()
})
afterAll(() => api.close())

const join = () => api.signUp({ role: 'client_user', organizationId: ann.organizationId as string })
const membersUrl = (chatId: string, userId?: string) => `${chatsUrl}/${chatId}/members${userId ? `/${userId}` : ''}`
const add = (as: TestUser, chatId: string, ...users: { userId: string }[]) =>
  as.inject('POST', membersUrl(chatId), { userIds: users.map(({ userId }) => userId) })
const remove = (as: TestUser, chatId: string, { userId }: TestUser) => as.inject('DELETE', membersUrl(chatId, userId))
const promote = (as: TestUser, chatId: string, { userId }: TestUser, role = 'admin') =>
  as.inject('PATCH', membersUrl(chatId, userId), { role })
const leave = (as: TestUser, chatId: string, successorId?: string) =>
  as.inject('POST', `${chatsUrl}/${chatId}/leave`, successorId === undefined ? undefined : { successorId })
const listed = async (as: TestUser, chatId: string) => dataOf(await as.inject('GET', membersUrl(chatId))).members
const rolesOf = async (as: TestUser, chatId: string) =>
  Object.fromEntries(
    (await listed(as, chatId)).map(({ user, role }: { user: { id: string }; role: string }) => [user.id, role]),
  )
type Answer = Awaited<ReturnType<TestUser['inject']>>
const codeOf = (answer: Answer) => [answer.statusCode, answer.json().error?.code]
const statusesOf = (answers: Answer[]) => answers.map(({ statusCode }) => statusCode)

test('an admin adds members whom they may write to; a member may not, and strangers are named by their place', async () => {
  const [friend, stranger] = [await api.signUp(), await api.signUp()]
  await makeFriends(api, ann, friend)
  const { id } = await createGroup(ann, [bo])
  const added = await add(ann, id, cy, friend, bo)
  expect(added.statusCode).toBe(200)
  const { members } = dataOf(added)
  expect(members.map(({ user }: { user: { id: string } }) => user.id)).toEqual([bo.userId, cy.userId, friend.userId])
  expect((await chatOf(friend, id)).memberCount).toBe(4)
  expect(codeOf(await add(bo, id, cy))).toEqual([403, 'FORBIDDEN'])
  const refused = (await add(ann, id, cy, stranger)).json().error
  expect([refused.code, refused.details[0].path]).toEqual(['VALIDATION_FAILED', 'body.userIds.1'])
  for (const body of [{ userIds: [] }, {}, { userIds: ['x'] }, { userIds: [cy.userId], role: 'admin' }])
    expect((await ann.inject('POST', membersUrl(id), body)).json().error.code).toBe('VALIDATION_FAILED')
})

test('only members of the organization of a group can be added to it', async () => {
  const friend = await api.signUp()
  await makeFriends(api, ann, friend)
  const { id } = await createGroup(ann, [bo], { organizationId: ann.organizationId })
  expect(codeOf(await add(ann, id, friend))).toEqual([400, 'VALIDATION_FAILED'])
  expect((await add(ann, id, cy)).statusCode).toBe(200)
})

test('a group has at most 1,000 members', async () => {
  const { id } = await createGroup(ann, [])
  await sql`
    with many as (
      insert into users (id, username, name, email, role)
      select gen_random_uuid(), 'many_' || n, 'Many', 'many-' || n || '@example.test', 'operator'
      from generate_series(1, 998) n returning id
    )
    insert into chat_members (chat_id, user_id, role, joined_seq, joined_change, change)
    select ${id}, id, 'member', 0, 3, 3 from many`.execute(api.db)
  expect((await add(ann, id, bo)).statusCode).toBe(200)
  const refused = await add(ann, id, cy)
  expect([...codeOf(refused), refused.json().message]).toEqual([409, 'CONFLICT', expect.stringContaining('1000')])
})

test('who is removed gets 404 everywhere; who joins again sees nothing older than that', async () => {
  const { id } = await createGroup(ann, [bo])
  const old = await send(ann, id, 'before')
  await send(bo, id, 'mine')
  expect((await remove(ann, id, bo)).statusCode).toBe(200)
  const paths = [`${chatsUrl}/${id}`, membersUrl(id), messagesUrl(id), `${chatsUrl}/${id}/changes`]
  expect(statusesOf(await Promise.all(paths.map((path) => bo.inject('GET', path))))).toEqual([404, 404, 404, 404])
  expect((await trySend(bo, id, { body: 'still here?' })).statusCode).toBe(404)
  await send(ann, id, 'meanwhile')

  await add(ann, id, bo)
  expect(await messagesOf(bo, id)).toEqual([])
  expect(await chatOf(bo, id)).toMatchObject({ lastMessage: null, unreadCount: 0, joinedSeq: 3 })
  expect(codeOf(await trySend(bo, id, { body: 'about that', replyToId: old.id }))).toEqual([400, 'VALIDATION_FAILED'])
  const reply = await send(ann, id, { body: 'as I said', replyToId: old.id })
  const [seen] = await messagesOf(bo, id)
  expect(seen).toMatchObject({ id: reply.id, replyTo: { id: old.id, hidden: true, body: null, sender: null } })
  const edit = await ann.inject('PATCH', `${messagesUrl(id)}/${old.id}`, { body: 'after' })
  const { changes } = await changesOf(bo, id)
  expect(changes.at(-1)).toEqual({ kind: 'hidden', change: dataOf(edit).message.change, hidden: true })
  expect(JSON.stringify(changes)).not.toContain('before')
  const found = dataOf(await bo.inject('GET', `${chatsUrl}/search?q=mine`)).messages
  expect(found).toEqual([])
})

test('members learn of others who join, get a role, are removed and leave, by one change each', async () => {
  const { id, change } = await createGroup(ann, [bo])
  await add(ann, id, cy)
  await promote(ann, id, cy)
  await remove(ann, id, cy)
  await leave(bo, id)
  const { changes, latest } = await changesOf(ann, id, change)
  expect(latest).toBe(change + 4)
  expect(changes).toMatchObject([
    { change: change + 3, member: { user: { id: cy.userId }, role: 'admin', leftAt: expect.any(String) } },
    { change: change + 4, member: { user: { id: bo.userId }, leftAt: expect.any(String) } },
  ])
})

test('the last admin names a successor before leaving, and cannot become a member', async () => {
  const { id } = await createGroup(ann, [bo, cy])
  expect(codeOf(await promote(ann, id, ann, 'member'))).toEqual([409, 'LAST_ADMIN'])
  expect(codeOf(await leave(ann, id))).toEqual([409, 'LAST_ADMIN'])
  const outsider = await join()
  for (const successorId of [outsider.userId, ann.userId, newId()])
    expect(codeOf(await leave(ann, id, successorId))).toEqual([400, 'VALIDATION_FAILED'])
  expect(codeOf(await leave(bo, id, cy.userId))).toEqual([400, 'VALIDATION_FAILED'])
  expect((await leave(ann, id, cy.userId)).statusCode).toBe(200)
  expect(await rolesOf(bo, id)).toEqual({ [bo.userId]: 'member', [cy.userId]: 'admin' })
  expect((await leave(bo, id)).statusCode).toBe(200)
  expect((await leave(cy, id)).statusCode).toBe(200)
  expect((await leave(cy, id)).statusCode).toBe(404)
})

test('of two admins who remove each other at once one succeeds, and the group keeps an admin', async () => {
  for (let round = 0; round < 5; round++) {
    const { id } = await createGroup(ann, [bo, cy])
    await promote(ann, id, bo)
    const answers = await Promise.all([remove(ann, id, bo), remove(bo, id, ann)])
    expect(statusesOf(answers).sort()).toEqual([200, 404])
    const roles = await rolesOf(cy, id)
    expect(Object.values(roles).sort()).toEqual(['admin', 'member'])
  }
})

test('of two last admins who leave at once one is refused', async () => {
  const { id } = await createGroup(ann, [bo, cy])
  await promote(ann, id, bo)
  const answers = await Promise.all([leave(ann, id), leave(bo, id)])
  expect(statusesOf(answers).sort()).toEqual([200, 409])
})

test('a removed member’s message that waits on the lock is refused, and uses no number', async () => {
  const { id } = await createGroup(ann, [bo])
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
  const removal = remove(ann, id, bo)
  await waiting(1)
  const message = trySend(bo, id, { body: 'too late' })
  await waiting(2)
  released.resolve()
  await holding
  expect(statusesOf(await Promise.all([removal, message]))).toEqual([200, 404])
  expect((await chatOf(ann, id)).lastSeq).toBe(0)
})

test('a direct chat has no members to change, no name and no picture, and says so', async () => {
  const { id } = await createDirect(ann, bo)
  const answers = await Promise.all([
    add(ann, id, cy),
    remove(ann, id, bo),
    promote(ann, id, bo),
    leave(ann, id),
    ann.inject('PATCH', `${chatsUrl}/${id}`, { name: 'Us' }),
    ann.inject('DELETE', `${chatsUrl}/${id}/avatar`),
  ])
  for (const answer of answers) {
    expect(codeOf(answer)).toEqual([409, 'CONFLICT'])
    expect(answer.json().message).toContain('direct chat')
  }
})

test('an admin renames a group by a change; the same name again changes nothing', async () => {
  const { id, change } = await createGroup(ann, [bo])
  const rename = (as: TestUser, name: unknown) => as.inject('PATCH', `${chatsUrl}/${id}`, { name })
  expect(dataOf(await rename(ann, ' Orchard ')).chat).toMatchObject({ name: 'Orchard', change: change + 1 })
  expect(dataOf(await rename(ann, 'Orchard')).chat.change).toBe(change + 1)
  expect((await rename(bo, 'Mine')).statusCode).toBe(403)
  for (const name of ['', '  ', 'x'.repeat(101), null]) expect((await rename(ann, name)).statusCode).toBe(400)
  const { changes } = await changesOf(bo, id, change)
  expect(changes).toMatchObject([{ kind: 'chat', change: change + 1, chat: { name: 'Orchard' } }])
})

test('members are listed page by page, with presence of friends and colleagues alone', async () => {
  const friend = await api.signUp()
  await makeFriends(api, ann, friend)
  const { id } = await createGroup(ann, [bo, cy, friend])
  const pages: string[][] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await bo.inject('GET', `${membersUrl(id)}?limit=3${cursor && `&cursor=${cursor}`}`)
    const { data, pagination } = answer.json()
    pages.push(data.members.map(({ user }: { user: { id: string } }) => user.id))
    cursor = pagination.nextCursor
  }
  expect(pages).toEqual([[ann.userId, bo.userId, cy.userId], [friend.userId]])
  await api.deps.presence.flush()
  const presence = Object.fromEntries(
    (await listed(bo, id)).map((member: { user: { id: string }; lastSeenAt: string | null }) => [
      member.user.id,
      member.lastSeenAt !== null,
    ]),
  )
  expect(presence).toMatchObject({ [ann.userId]: true, [friend.userId]: false })
  expect((await bo.inject('GET', `${membersUrl(id)}?cursor=x`)).statusCode).toBe(400)
})

test('an admin sets the picture of a group, which its members alone see, and removes it by a change', async () => {
  const { id } = await createGroup(ann, [bo])
  const url = `${chatsUrl}/${id}/avatar`
  const put = async (as: TestUser) => {
    const form = new Response(formOf({ 'us.png': await picture('png') }, 'file'))
    const headers = { 'content-type': form.headers.get('content-type') ?? '' }
    return as.inject('PUT', url, Buffer.from(await form.arrayBuffer()), headers)
  }
  expect((await put(bo)).statusCode).toBe(403)
  expect((await put(ann)).statusCode).toBe(202)
  expect((await put(ann)).statusCode).toBe(202)
  const jobs = await api.db
    .selectFrom('outbox')
    .select(['name', 'payload'])
    .where('queue', '=', 'image')
    .orderBy('id')
    .execute()
  const [first, second] = jobs.flatMap(({ name, payload }) => (name === 'optimize-group-avatar' ? [payload] : []))
  const keysOf = (job: unknown) => groupAvatarKeys(id, (job as { uploadId: string }).uploadId)
  expect(jobs).toContainEqual({ name: 'delete-files', payload: { keys: Object.values(keysOf(first)) } })

  // As the image worker does.
  const key = keysOf(second).picture
  await api.deps.storage.put(key, Readable.from([Buffer.from('the picture')]))
  await api.db.updateTable('chats').set({ avatar_key: key, avatar_upload_id: null }).where('id', '=', id).execute()
  const { avatarUrl, change } = await chatOf(bo, id)
  const served = await bo.inject('GET', new URL(avatarUrl ?? '').pathname)
  expect([served.statusCode, served.headers['content-type'], served.body]).toEqual([200, 'image/webp', 'the picture'])
  expect((await cy.inject('GET', url)).statusCode).toBe(404)
  expect((await bo.inject('DELETE', url)).statusCode).toBe(403)
  expect(dataOf(await ann.inject('DELETE', url)).chat).toMatchObject({ avatarUrl: null, change: change + 1 })
  expect((await bo.inject('GET', url)).statusCode).toBe(404)
})
