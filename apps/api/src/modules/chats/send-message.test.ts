import { newId } from '@muster/db'
import { eventually, insertChatFile, manualClock } from '@muster/testing'
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
  createDirect,
  createGroup,
  makeFriends,
  messagesOf,
  messagesUrl,
  removeMember,
  send,
  trySend,
} from './testing/chat-fixtures.ts'

let api: TestApp
let ann: TestUser
let bo: TestUser
let cleo: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  ann = await api.signUp()
  bo = await joining(api, ann)
  cleo = await joining(api, ann)
})
afterAll(() => api.close())

const faultsOf = (answer: { json(): { error: { details?: { path: string; code: string }[] } } }) =>
  answer.json().error.details?.map(({ path, code }) => `${path} ${code}`)
const userRow = ({ userId, organizationId }: TestUser) => ({ id: userId, organization_id: organizationId })

test('a message sent again with its clientId is written once and answered as it is today', async () => {
  const { id } = await createGroup(ann, [bo])
  const message = { clientId: newId(), body: ' Hi ', mentions: [bo.userId, ann.userId] }
  const sent = await ann.inject('POST', messagesUrl(id), message)
  expect([sent.statusCode, sent.headers.etag]).toEqual([201, '"v1"'])
  const same = {
    ...message,
    body: 'Hi',
    clientId: message.clientId.toUpperCase(),
    mentions: message.mentions.toReversed(),
  }
  const again = await ann.inject('POST', messagesUrl(id), same)
  expect([again.statusCode, dataOf(again).message]).toEqual([200, dataOf(sent).message])
  await ann.inject('DELETE', `${messagesUrl(id)}/${dataOf(sent).message.id}`)
  const later = await ann.inject('POST', messagesUrl(id), message)
  expect([later.statusCode, dataOf(later).message]).toMatchObject([200, { seq: 1, body: null, mentions: [] }])
  expect((await chatOf(ann, id)).lastSeq).toBe(1)
  // Another sender may have the same id.
  expect((await trySend(bo, id, message)).statusCode).toBe(201)
})

test('a clientId with another content is refused, also after the text was edited to it', async () => {
  const { id } = await createGroup(ann, [bo])
  const clientId = newId()
  const first = await send(ann, id, { clientId, body: 'One' })
  await ann.inject('PATCH', `${messagesUrl(id)}/${first.id}`, { body: 'Two' })
  for (const other of [{ body: 'Two' }, { body: 'One', replyToId: first.id }, { body: 'One', mentions: [bo.userId] }]) {
    const answer = await trySend(ann, id, { clientId, ...other })
    expect([answer.statusCode, answer.json().error.code]).toEqual([422, 'IDEMPOTENCY_MISMATCH'])
    expect(answer.json().message).toContain('another message with this clientId')
  }
  expect(dataOf(await trySend(ann, id, { clientId, body: 'One' })).message.body).toBe('Two')
})

test('a retry is answered before friendship, blocks and limits are checked', async () => {
  const strict = await buildTestApp({ config: { rateLimitScale: 1 }, clock: manualClock() })
  const [one, other] = [await strict.signUp(), await strict.signUp()]
  await makeFriends(strict, one, other)
  const { id } = await createDirect(one, other)
  const message = { clientId: newId(), body: 'Hi' }
  const sent = await Promise.all(
    Array.from({ length: 60 }, (_, index) => trySend(one, id, index === 0 ? message : { body: `${index}` })),
  )
  expect(new Set(statusesOf(sent))).toEqual(new Set([201]))
  const limited = await trySend(one, id, { body: 'One too many' })
  expect([limited.statusCode, Number(limited.headers['retry-after'])]).toEqual([429, expect.any(Number)])
  // A minute, rounded up.
  expect(Number(limited.headers['retry-after'])).toBeLessThanOrEqual(61)
  await one.inject('POST', `/api/v1/friends/${other.userId}/block`)
  expect((await trySend(one, id, message)).statusCode).toBe(200)
  // A chat of somebody else has limits of its own.
  expect((await trySend(other, id, { body: 'Hi' })).statusCode).toBe(403)
  await strict.close()
})

test('20 parallel retries on two instances write one message', async () => {
  const restored = { url: api.deps.config.database.url, db: api.db, drop: async () => {} }
  const second = await buildTestApp({ restored })
  const { id } = await createGroup(ann, [bo])
  const message = { clientId: newId(), body: 'Once' }
  const clients = [ann, second.connect(new Map(ann.cookies))]
  const answers = await times(20, (index) => (clients[index % 2] as TestUser).inject('POST', messagesUrl(id), message))
  await second.close()
  expect(statusesOf(answers).toSorted()).toEqual([...Array.from({ length: 19 }, () => 200), 201])
  expect(new Set(answers.map((answer) => dataOf(answer).message.id)).size).toBe(1)
  expect((await chatOf(ann, id)).lastSeq).toBe(1)
  expect((await changesOf(ann, id)).latest).toBe(4)
})

test('a text of spaces or too long, and a message without anything, are refused', async () => {
  const { id } = await createGroup(ann, [bo])
  const refused = async (fields: object) => {
    const answer = await trySend(ann, id, fields)
    return [answer.statusCode, ...(faultsOf(answer) ?? [])]
  }
  expect(await refused({ body: ' \n\t\u200b\u00ad ' })).toEqual([400, 'body.body TOO_SHORT'])
  expect(await refused({ body: 'ä'.repeat(4_001) })).toEqual([400, 'body.body TOO_LONG'])
  expect(await refused({})).toEqual([400, 'body.body REQUIRED'])
  expect(await refused({ body: null })).toEqual([400, 'body.body REQUIRED'])
  expect(await refused({ body: 'Hi', clientId: 'one' })).toEqual([400, 'body.clientId INVALID_ID'])
  expect(await refused({ body: 'Hi', mentions: [bo.userId, bo.userId] })).toEqual([400, 'body.mentions REPEATED'])
  const longest = await send(ann, id, '\u0061\u0308'.repeat(4_000))
  expect(longest.body).toBe('ä'.repeat(4_000))
})

test('a reply to a message that the sender cannot see is refused, one to a deleted message is not', async () => {
  const { id } = await createGroup(ann, [bo])
  const elsewhere = await send(ann, (await createGroup(ann, [])).id)
  const early = await send(ann, id)
  await addMember(ann, id, cleo)
  for (const replyToId of [early.id, elsewhere.id, newId()]) {
    const answer = await trySend(cleo, id, { body: 'What?', replyToId })
    expect([answer.statusCode, faultsOf(answer)]).toEqual([400, ['body.replyToId NOT_AVAILABLE']])
  }
  await ann.inject('DELETE', `${messagesUrl(id)}/${early.id}`)
  const reply = await send(bo, id, { body: 'Why deleted?', replyToId: early.id })
  expect(reply.replyTo).toMatchObject({ id: early.id, hidden: false, body: null, sender: { id: ann.userId } })
  const [seen] = await messagesOf(cleo, id)
  expect(seen?.replyTo).toEqual({ id: early.id, seq: 1, hidden: true, sender: null, body: null })
})

test('a mention of somebody who is not in the chat is refused', async () => {
  const { id } = await createGroup(ann, [bo])
  const answer = await trySend(ann, id, { body: 'Hi', mentions: [bo.userId, cleo.userId] })
  expect([answer.statusCode, faultsOf(answer)]).toEqual([400, ['body.mentions NOT_A_MEMBER']])
  await addMember(ann, id, cleo)
  await removeMember(ann, id, cleo)
  expect((await trySend(ann, id, { body: 'Hi', mentions: [cleo.userId] })).statusCode).toBe(400)
  expect((await chatOf(ann, id)).lastSeq).toBe(0)
})

test('files are attached once, in the order given, by their uploader, in their chat', async () => {
  const { id } = await createGroup(ann, [bo])
  const other = await createGroup(ann, [bo])
  const file = async (chatId: string, uploader: TestUser) =>
    (await insertChatFile(api.db, { id: chatId }, userRow(uploader))).id
  const [first, second, foreign, elsewhere] = await Promise.all([
    file(id, ann),
    file(id, ann),
    file(id, bo),
    file(other.id, ann),
  ])
  for (const bad of [foreign, elsewhere, newId()]) {
    const answer = await trySend(ann, id, { attachmentIds: [first, bad] })
    expect([answer.statusCode, faultsOf(answer)]).toEqual([400, ['body.attachmentIds.1 NOT_AVAILABLE']])
  }
  const many = await trySend(ann, id, { attachmentIds: Array.from({ length: 11 }, newId) })
  expect(faultsOf(many)).toEqual(['body.attachmentIds TOO_MANY'])
  const clientId = newId()
  const racing = await times(5, (index) =>
    trySend(ann, id, { clientId: index ? newId() : clientId, attachmentIds: [second, first] }),
  )
  expect(statusesOf(racing).toSorted()).toEqual([201, 400, 400, 400, 400])
  const [message] = await messagesOf(bo, id)
  expect(message?.attachments.map((one) => one.id)).toEqual([second, first])
  expect(message?.attachments[0]).toMatchObject({ chatId: id, status: 'ready', contentType: 'image/webp' })
  expect(message).toEqual(dataOf(racing.find(({ statusCode }) => statusCode === 201) as never).message)
  expect((await trySend(ann, id, { body: 'Again', attachmentIds: [first] })).statusCode).toBe(400)
})

test('a direct chat is read-only after a block or without friendship, and writable again', async () => {
  const [one, other] = [await api.signUp(), await api.signUp()]
  await makeFriends(api, one, other)
  const { id } = await createDirect(one, other)
  const own = await send(one, id)
  await other.inject('POST', `/api/v1/friends/${one.userId}/block`)
  for (const user of [one, other]) {
    const answer = await trySend(user, id, { body: 'Hi' })
    expect([answer.statusCode, answer.json().error.code]).toEqual([403, 'FORBIDDEN'])
    expect(await chatOf(user, id)).toMatchObject({ writable: false, lastMessage: { id: own.id } })
  }
  const url = `${messagesUrl(id)}/${own.id}`
  expect((await other.inject('PUT', `${url}/reactions/${encodeURIComponent('👍')}`)).statusCode).toBe(403)
  expect((await one.inject('PATCH', url, { body: 'Changed' })).statusCode).toBe(403)
  expect((await one.inject('DELETE', url)).statusCode).toBe(200)
  await other.inject('DELETE', `/api/v1/friends/${one.userId}/block`)
  expect((await trySend(one, id, { body: 'Hi' })).statusCode).toBe(403)
  await makeFriends(api, one, other)
  expect((await trySend(one, id, { body: 'Hi' })).statusCode).toBe(201)
})

/** Sends a message whose transaction waits between its number and the commit, until `release` is called. */
async function stalledSender(chatId: string) {
  const held = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  const done = api.db.transaction().execute(async (trx) => {
    await sql`update chats set seq = seq + 1, change = change + 1 where id = ${chatId}`.execute(trx)
    await sql`
      insert into messages (id, chat_id, seq, change, sender_id, client_id, content_mac, body)
      select ${newId()}, id, seq, change, ${bo.userId}, ${newId()}, '', 'Slow' from chats where id = ${chatId}`.execute(
      trx,
    )
    locked.resolve()
    await held.promise
  })
  await locked.promise
  return { release: held.resolve, done }
}

/** Waits until as many statements wait for the lock of a chat. */
const waiting = (count: number) =>
  eventually(async () => {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%for no key update%'`.execute(
      api.db,
    )
    expect(rows[0]?.count).toBe(count)
  })

test('a sender who stalls before the commit leaves no gap, and nobody sees a later number first', async () => {
  const { id } = await createGroup(ann, [bo])
  const slow = await stalledSender(id)
  const fast = send(ann, id, 'Fast')
  await waiting(1)
  expect(await messagesOf(ann, id)).toEqual([])
  slow.release()
  await slow.done
  expect((await fast).seq).toBe(2)
  expect((await messagesOf(ann, id)).map(({ seq, body }) => [seq, body])).toEqual([
    [1, 'Slow'],
    [2, 'Fast'],
  ])
})

test('a message that waited for the lock while its sender was removed is refused', async () => {
  const { id } = await createGroup(ann, [bo])
  const slow = await stalledSender(id)
  const removal = removeMember(ann, id, bo)
  await waiting(1)
  const late = trySend(bo, id, { body: 'Am I still here?' })
  await waiting(2)
  slow.release()
  await Promise.all([slow.done, removal])
  expect((await late).statusCode).toBe(404)
  expect((await messagesOf(ann, id)).length).toBe(1)
})

test('messages that wait for a busy chat leave connections to other requests', async () => {
  const { id } = await createGroup(ann, [bo])
  const isLocked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const holding = api.db.transaction().execute(async (trx) => {
    await sql`select from chats where id = ${id} for update`.execute(trx)
    isLocked.resolve()
    await release.promise
  })
  await isLocked.promise
  const sends = times(40, (n) => trySend(n % 2 ? ann : bo, id, { body: `Number ${n}` }))
  const others = await times(10, () => cleo.inject('GET', '/api/v1/tasks'))
  release.resolve()
  await holding
  expect(statusesOf(others)).toEqual(Array(10).fill(200))
  expect(statusesOf(await sends)).toEqual(Array(40).fill(201))
})
