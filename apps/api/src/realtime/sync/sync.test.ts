import { newId } from '@muster/db'
import type { SyncAnswer, SyncRequest } from '@muster/realtime/events'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { assertInOrder, createGroup, numbersOf, recordChanges, send } from '../delivery/testing/chat-clients.ts'
import { ask, connectSocket, type TestSocket } from '../testing/sockets.ts'

let api: TestApp
let ann: TestUser
let ben: TestUser
const open: TestSocket[] = []
const maxBytes = 256 * 1_024

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
  ann = await api.signUp()
  ben = await api.signUp({ role: 'client_user', organizationId: ann.organizationId as string })
})
afterEach(() => {
  for (const socket of open.splice(0)) socket.disconnect()
})
afterAll(() => api.close())

const connect = async (client: TestUser) => {
  const socket = await connectSocket(client, api)
  open.push(socket)
  return socket
}
const blank: SyncRequest = { restoreEpoch: null, chats: {}, notifications: null }
const sync = async (socket: TestSocket, request: Partial<SyncRequest>): Promise<SyncAnswer> => {
  const answer = await ask(socket, 'sync', { ...blank, ...request })
  if (!answer.success) throw new Error(answer.message)
  expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThanOrEqual(maxBytes)
  return answer.data
}
/** Inserts messages as if they had been sent. */
const insertMessages = async (chatId: string, sender: TestUser, { count, body }: { count: number; body: string }) => {
  await sql`
    with chat as (
      update chats set seq = seq + ${count}, change = change + ${count} where id = ${chatId} returning seq, change
    )
    insert into messages (id, chat_id, seq, change, sender_id, client_id, content_mac, body)
    select gen_random_uuid(), ${chatId}, seq - ${count} + n, change - ${count} + n, ${sender.userId},
      gen_random_uuid(), '', ${body}
    from chat, generate_series(1, ${count}) n`.execute(api.db)
}
const entryOf = ({ chats }: SyncAnswer, chatId: string) => chats.find(({ id }) => id === chatId)

test('a client that was away gets what it missed, then nothing, and events go on from there', async () => {
  const chatId = await createGroup(ann, [ben])
  const { change: known } = await send(ann, chatId, 'before')
  const missed = [await send(ann, chatId, 'one'), await send(ben, chatId, 'two')]
  const socket = await connect(ben)
  const events = recordChanges(socket, chatId)
  const answer = await sync(socket, { chats: { [chatId]: known } })
  const latest = missed[1]?.change as number
  expect(entryOf(answer, chatId)).toEqual({
    id: chatId,
    latest,
    isNew: false,
    changes: missed.map((message) => ({ kind: 'message', change: message.change, message })),
  })
  expect(answer).toMatchObject({ lossless: true, more: false, unreadCount: 0 })
  expect(answer.readPositions).toEqual(
    expect.arrayContaining([ann, ben].map(({ userId }) => ({ chatId, userId, readSeq: expect.any(Number) }))),
  )
  const again = await sync(socket, { restoreEpoch: answer.restoreEpoch, chats: { [chatId]: latest } })
  expect(entryOf(again, chatId)).toBeUndefined()
  const { change } = await send(ann, chatId, 'after')
  await eventually(() => expect(events).toMatchObject([{ change, prev: latest }]))
})

test('a message that commits while a client joins and reads is neither missed nor doubled', async () => {
  const chatId = await createGroup(ann, [ben])
  let isOver = false
  const write = async () => {
    while (!isOver) await send(ann, chatId, 'busy')
  }
  const writing = write()
  let known = (await send(ann, chatId, 'first')).change
  for (let round = 0; round < 8; round++) {
    const socket = await connect(ben)
    const events = recordChanges(socket, chatId)
    const entry = entryOf(await sync(socket, { chats: { [chatId]: known } }), chatId)
    const synced = entry && 'changes' in entry ? entry.changes.map(({ change }) => change) : []
    await eventually(() => expect(events.length).toBeGreaterThan(2))
    socket.disconnect()
    assertInOrder(events)
    const later = numbersOf(events).filter((change) => change > (synced.at(-1) ?? known))
    const all = [...synced, ...later]
    expect(all).toEqual(all.map((_, index) => known + 1 + index))
    known = all.at(-1) as number
  }
  isOver = true
  await writing
})

test('a cursor that the server does not know leads to one resync and no loop', async () => {
  const chatId = await createGroup(ann, [ben])
  const { change: latest } = await send(ann, chatId, 'Hello')
  const socket = await connect(ben)
  const answer = await sync(socket, { chats: { [chatId]: 1_000_000 } })
  expect(entryOf(answer, chatId)).toEqual({ id: chatId, latest, resync: true })
  expect(answer.lossless).toBe(false)
  const next = await sync(socket, { restoreEpoch: answer.restoreEpoch, chats: { [chatId]: latest } })
  expect(entryOf(next, chatId)).toBeUndefined()
  expect(next.lossless).toBe(true)
})

test('a chat is new, ended or interrupted as membership says, also one that never was the caller’s', async () => {
  const added = await createGroup(ann, [ben])
  const lost = await createGroup(ann, [ben])
  const rejoined = await createGroup(ann, [ben])
  const foreign = await createGroup(ann, [])
  await sql`
    with chat as (update chats set change = change + 2 where id in (${lost}, ${rejoined}) returning id, change)
    update chat_members set change = chat.change, left_change = case when chat_id = ${lost} then chat.change end,
      left_at = case when chat_id = ${lost} then now() end,
      joined_change = case when chat_id = ${lost} then joined_change else chat.change end
    from chat where chat_id = chat.id and user_id = ${ben.userId}`.execute(api.db)
  const answer = await sync(await connect(ben), {
    chats: { [lost.toUpperCase()]: 4, [rejoined]: 4, [foreign]: 1, [newId()]: 7 },
  })
  expect(entryOf(answer, added)).toMatchObject({ isNew: true, changes: [] })
  expect(entryOf(answer, lost)).toEqual({ id: lost, ended: true })
  expect(entryOf(answer, rejoined)).toMatchObject({ resync: true })
  expect(entryOf(answer, foreign)).toEqual({ id: foreign, ended: true })
  expect(answer.readPositions.some(({ chatId }) => chatId === lost || chatId === foreign)).toBe(false)
})

test('after a restore, each known chat and the notifications are fetched again, once', async () => {
  const chatId = await createGroup(ann, [ben])
  const socket = await connect(ben)
  const { restoreEpoch } = await sync(socket, {})
  await sql`update restore_epoch set id = gen_random_uuid()`.execute(api.db)
  const answer = await sync(socket, { restoreEpoch, chats: { [chatId]: 3 }, notifications: 0 })
  expect(answer).toMatchObject({ lossless: false, notifications: { resync: true } })
  expect(answer.restoreEpoch).not.toBe(restoreEpoch)
  expect(entryOf(answer, chatId)).toMatchObject({ resync: true })
  const next = await sync(socket, { restoreEpoch: answer.restoreEpoch, chats: { [chatId]: 3 }, notifications: 0 })
  expect([next.lossless, next.notifications.resync, entryOf(next, chatId)]).toEqual([true, false, undefined])
})

test('up to 1,000 missing changes arrive whole in answers of at most 256 KiB; more are fetched again', async () => {
  const chatId = await createGroup(ann, [ben])
  await insertMessages(chatId, ann, { count: 1_000, body: 'ж'.repeat(700) })
  const socket = await connect(ben)
  const changes: number[] = []
  let known = 3
  let after: string | undefined = (BigInt(`0x${chatId.replaceAll('-', '')}`) - 1n).toString(16).padStart(32, '0')
  after = after.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
  for (let isMore = true; isMore; ) {
    const answer = await sync(socket, { chats: { [chatId]: known }, after, upTo: chatId })
    const entry = entryOf(answer, chatId)
    if (!entry || !('changes' in entry)) throw new Error('has no changes')
    changes.push(...entry.changes.map(({ change }) => change))
    known = entry.latest
    isMore = answer.more
  }
  expect(changes).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 4))
  await insertMessages(chatId, ann, { count: 1, body: 'one more' })
  expect(entryOf(await sync(socket, { chats: { [chatId]: 3 } }), chatId)).toEqual({
    id: chatId,
    latest: 1_004,
    resync: true,
  })
})

test('a user of 1,500 chats syncs span by span, and gets the events of all', async () => {
  const cat = await api.signUp({ role: 'client_user', organizationId: ann.organizationId as string })
  await sql`
    with made as (
      insert into chats (id, kind, name, change, own_change)
      select gen_random_uuid(), 'group', 'Crowd', 2, 2 from generate_series(1, 1500) returning id
    )
    insert into chat_members (chat_id, user_id, role, joined_seq, joined_change, change)
    select id, ${cat.userId}::uuid, 'admin', 0, 1, 1 from made`.execute(api.db)
  const socket = await connect(cat)
  const known = new Map<string, number>()
  const resume = async () => {
    let calls = 0
    let after: string | undefined
    for (let isMore = true; isMore; calls++) {
      const ids = [...known.keys()].filter((id) => after === undefined || id > after).sort()
      const upTo = ids.length > 200 ? ids[199] : undefined
      const chats = Object.fromEntries(ids.slice(0, 200).map((id) => [id, known.get(id) as number]))
      const answer = await sync(socket, { chats, ...(after && { after }), ...(upTo && { upTo }) })
      for (const chat of answer.chats) if ('latest' in chat) known.set(chat.id, chat.latest)
      after = answer.more ? (answer.after ?? after) : upTo
      isMore = answer.more || upTo !== undefined
    }
    return calls
  }
  expect(await resume()).toBeLessThanOrEqual(4)
  expect(known.size).toBe(1_500)
  const chatId = [...known.keys()][700] as string
  await insertMessages(chatId, cat, { count: 3, body: 'Hello' })
  const events = recordChanges(socket, chatId)
  expect(await resume()).toBeLessThanOrEqual(8)
  expect(known.get(chatId)).toBe(5)
  const { change } = await send(cat, chatId, 'And on')
  await eventually(() => expect(numbersOf(events).at(-1)).toBe(change))
})

test('invalid calls are refused with what is wrong', async () => {
  const chatId = await createGroup(ann, [ben])
  const socket = await connect(ben)
  const many = Object.fromEntries(Array.from({ length: 201 }, () => [newId(), 1]))
  const refused = await Promise.all([
    ask(socket, 'sync', { ...blank, chats: many }),
    ask(socket, 'sync', { ...blank, chats: { [chatId]: -1 } }),
    ask(socket, 'sync', { ...blank, chats: { [chatId]: 1 }, after: chatId }),
    ask(socket, 'sync', { ...blank, chats: { garden: 1 } }),
    ask(socket, 'sync', { ...blank, notifications: 1.5 }),
  ])
  for (const answer of refused) expect(answer).toMatchObject({ success: false, error: { code: 'VALIDATION_FAILED' } })
})
