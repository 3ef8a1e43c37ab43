import { insertChatFile, type ManualClock, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { statusesOf, times } from '../../testing/responses.ts'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { joining } from '../organizations/testing/organization-fixtures.ts'
import {
  addMember,
  changesOf,
  chatOf,
  chatsUrl,
  createGroup,
  messagesOf,
  messagesUrl,
  send,
} from './testing/chat-fixtures.ts'

let clock: ManualClock
let api: TestApp
let ann: TestUser
let bo: TestUser
let cleo: TestUser

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
  ann = await api.signUp()
  bo = await joining(api, ann)
  cleo = await joining(api, ann)
})
afterAll(() => api.close())

type Place = { chatId: string; id: string }
const urlOf = ({ chatId, id }: Place) => `${messagesUrl(chatId)}/${id}`
const reactionUrl = (message: Place, emoji: string) => `${urlOf(message)}/reactions/${encodeURIComponent(emoji)}`
const edit = (as: TestUser, message: Place, body: object, headers?: Record<string, string>) =>
  as.inject('PATCH', urlOf(message), body, headers)
const react = (as: TestUser, message: Place, emoji = '👍') => as.inject('PUT', reactionUrl(message, emoji))
const errorOf = (answer: { statusCode: number; json(): { error: { code: string } } }) => [
  answer.statusCode,
  answer.json().error.code,
]

test('its sender edits a message within 24 hours, as one change, and with If-Match only what they saw', async () => {
  const { id } = await createGroup(ann, [bo])
  const sent = await send(bo, id, 'Helo')
  const stale = await edit(bo, sent, { body: 'Hello' }, { 'if-match': '"v2"' })
  expect(errorOf(stale)).toEqual([412, 'STALE'])
  const edited = await edit(bo, sent, { body: ' Hello ', mentions: [ann.userId] }, { 'if-match': '"v1"' })
  expect(edited.headers.etag).toBe('"v2"')
  const { message } = dataOf(edited)
  expect(message).toMatchObject({ seq: 1, change: 5, version: 2, body: 'Hello', mentions: [ann.userId] })
  expect(message.editedAt).toBe(clock.now().toISOString())
  expect(dataOf(await edit(bo, sent, { body: 'Hello' })).message).toEqual(message)
  expect((await changesOf(ann, id, 3)).changes).toEqual([{ kind: 'message', change: 5, message }])
  expect(errorOf(await edit(ann, sent, { body: 'Mine' }))).toEqual([403, 'FORBIDDEN'])
  expect(errorOf(await edit(cleo, sent, { body: 'Mine' }))).toEqual([404, 'NOT_FOUND'])
  expect(errorOf(await edit(bo, sent, { body: null }))).toEqual([400, 'VALIDATION_FAILED'])
  expect(errorOf(await edit(bo, sent, { body: '  ' }))).toEqual([400, 'VALIDATION_FAILED'])
  expect(errorOf(await edit(bo, sent, { mentions: [cleo.userId] }))).toEqual([400, 'VALIDATION_FAILED'])
  expect(errorOf(await edit(bo, sent, {}))).toEqual([400, 'VALIDATION_FAILED'])
  clock.advance(24 * 3_600_000 + 1)
  expect(errorOf(await edit(bo, sent, { body: 'Too late' }))).toEqual([403, 'FORBIDDEN'])
  expect((await changesOf(ann, id)).latest).toBe(5)
})

test('a deleted message keeps its number and loses text, files, reactions and mentions everywhere', async () => {
  const { id } = await createGroup(ann, [bo])
  const file = await insertChatFile(api.db, { id }, { id: bo.userId, organization_id: bo.organizationId })
  const fields = { body: 'Unrepeatable', attachmentIds: [file.id], mentions: [ann.userId] }
  const sent = await send(bo, id, fields)
  const reply = await send(ann, id, { body: 'Indeed', replyToId: sent.id })
  await react(ann, sent)
  const deleted = dataOf(await bo.inject('DELETE', urlOf(sent))).message
  expect(deleted).toMatchObject({
    id: sent.id,
    seq: 1,
    change: 7,
    body: null,
    mentions: [],
    attachments: [],
    reactions: [],
    deletedAt: clock.now().toISOString(),
  })
  expect(dataOf(await bo.inject('DELETE', urlOf(sent))).message).toEqual(deleted)
  expect(await messagesOf(ann, id)).toEqual([deleted, { ...reply, replyTo: { ...reply.replyTo, body: null } }])
  expect((await changesOf(ann, id, 6)).changes).toEqual([{ kind: 'message', change: 7, message: deleted }])
  expect(dataOf(await ann.inject('GET', `${chatsUrl}/search?q=unrepeatable`)).messages).toEqual([])
  const { rows } = await sql<{ rest: string }>`
    select row_to_json(m)::text || coalesce(search::text, '') as rest from messages m where id = ${sent.id}`.execute(
    api.db,
  )
  expect(rows[0]?.rest).not.toMatch(/unrepeatable/i)
  expect(await api.db.selectFrom('attachments').select('id').where('id', '=', file.id).execute()).toEqual([])
  const jobs = await api.db.selectFrom('outbox').select('payload').where('name', '=', 'delete-files').execute()
  expect(JSON.stringify(jobs)).toContain(file.storage_key)
  for (const answer of [await react(ann, sent), await edit(bo, sent, { body: 'Back' })])
    expect(errorOf(answer)).toEqual([409, 'CONFLICT'])
})

test('an admin of a group deletes every message, with an audit event that has no text', async () => {
  const { id } = await createGroup(ann, [bo, cleo])
  const sent = await send(bo, id, 'Something rude')
  expect(errorOf(await cleo.inject('DELETE', urlOf(sent)))).toEqual([403, 'FORBIDDEN'])
  expect((await ann.inject('DELETE', urlOf(sent))).statusCode).toBe(200)
  const own = await send(bo, id, 'My own')
  expect((await bo.inject('DELETE', urlOf(own))).statusCode).toBe(200)
  const events = await api.db
    .selectFrom('audit_pending')
    .select(['actor_id', 'target_id', 'before'])
    .where('action', '=', 'message.moderated')
    .execute()
  expect(events).toMatchObject([
    { actor_id: ann.userId, target_id: sent.id, before: { chatId: id, seq: 1, senderId: bo.userId } },
  ])
  expect(JSON.stringify(events)).not.toContain('rude')
})

test('a reaction is one per member and emoji, whichever way the emoji is written', async () => {
  const { id } = await createGroup(ann, [bo])
  const sent = await send(ann, id)
  await react(bo, sent, '❤')
  await react(ann, sent, '👍')
  const { message } = dataOf(await react(ann, sent, '❤\u{FE0F}'))
  expect(message.reactions).toEqual([
    { emoji: '❤\u{FE0F}', count: 2, userIds: [bo.userId, ann.userId].sort() },
    { emoji: '👍', count: 1, userIds: [ann.userId] },
  ])
  expect(dataOf(await react(ann, sent, '❤')).message.change).toBe(message.change)
  const removed = dataOf(await bo.inject('DELETE', reactionUrl(sent, '❤'))).message
  expect(removed).toMatchObject({ change: message.change + 1, reactions: [{ count: 1 }, { count: 1 }] })
  expect(dataOf(await bo.inject('DELETE', reactionUrl(sent, '❤'))).message).toEqual(removed)
  for (const text of ['a', '👍👍', ' ', '1', '\u{FE0F}', '🇩', '👩🏽‍❤️‍💋‍👨🏿'])
    expect([text, ...errorOf(await react(ann, sent, text))]).toEqual([text, 400, 'VALIDATION_FAILED'])
})

test('a message takes 20 different emoji, also from members who react at once', async () => {
  const { id } = await createGroup(ann, [bo])
  const sent = await send(ann, id)
  const emoji = Array.from({ length: 21 }, (_, index) => String.fromCodePoint(0x1f600 + index))
  const answers = await times(21, (index) => react(index % 2 ? ann : bo, sent, emoji[index]))
  expect(statusesOf(answers).filter((status) => status === 200).length).toBe(20)
  expect(errorOf(answers.find(({ statusCode }) => statusCode !== 200) as never)).toEqual([409, 'CONFLICT'])
  const [shown] = await messagesOf(ann, id)
  expect(shown?.reactions.length).toBe(20)
  expect((await react(ann, sent, shown?.reactions[0]?.emoji)).statusCode).toBe(200)
})

test('beside an emoji stand the first 50 users, and the reader when they reacted later', async () => {
  const { id } = await createGroup(ann, [bo])
  const sent = await send(ann, id)
  await sql`
    with added as (
      insert into users (id, username, name, email, role)
      select gen_random_uuid(), 'reacting' || n, 'R', 'reacting' || n || '@example.test', 'operator' from generate_series(1, 60) n
      returning id
    )
    insert into message_reactions select ${sent.id}, id, '👍', now() - interval '1 hour' from added`.execute(api.db)
  const { message } = dataOf(await react(bo, sent))
  expect(message.reactions).toMatchObject([{ emoji: '👍', count: 61 }])
  expect([message.reactions[0].userIds.length, message.reactions[0].userIds.at(-1)]).toEqual([51, bo.userId])
  expect((await messagesOf(ann, id))[0]?.reactions[0]?.userIds.length).toBe(50)
})

test('who joins later sees nothing older: not in lists, changes, search, quotes, or by its id', async () => {
  const { id } = await createGroup(ann, [bo])
  const old = await send(ann, id, 'Ancient history')
  await addMember(ann, id, cleo)
  expect(await chatOf(cleo, id)).toMatchObject({ joinedSeq: 1, lastMessage: null, unreadCount: 0, lastSeq: 1 })
  await edit(ann, old, { body: 'Ancient story' })
  const seen = await send(ann, id, { body: 'News', replyToId: old.id })
  expect((await messagesOf(cleo, id)).map(({ seq }) => seq)).toEqual([2])
  expect(await messagesOf(cleo, id, '?before=2')).toEqual([])
  expect((await changesOf(cleo, id)).changes).toMatchObject([
    { kind: 'member', change: 5, member: { user: { id: cleo.userId } } },
    { kind: 'hidden', change: 6, hidden: true },
    { kind: 'message', change: 7, message: { id: seen.id, replyTo: { id: old.id, hidden: true, body: null } } },
  ])
  expect(dataOf(await cleo.inject('GET', `${chatsUrl}/search?q=ancient`)).messages).toEqual([])
  expect(dataOf(await bo.inject('GET', `${chatsUrl}/search?q=ancient`)).messages).toHaveLength(1)
  for (const answer of [
    await cleo.inject('GET', urlOf(old)),
    await cleo.inject('DELETE', urlOf(old)),
    await react(cleo, old),
  ])
    expect(answer.statusCode).toBe(404)
})
