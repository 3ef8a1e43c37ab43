import { rowsRead } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { chatsUrl, createGroup, messagesUrl } from './testing/chat-fixtures.ts'

/** Chats of the user, each with few messages; one has many, and so has one of somebody else. By the average alone, counting would read all of it. */
const chatCount = 1_500
const messagesPerChat = 10
const many = 20_000
const rowsPerStatement = 2_000

let api: TestApp
let busy: TestUser
let bigId: string

beforeAll(async () => {
  api = await buildTestApp()
  busy = await api.signUp()
  const other = await api.signUp()
  bigId = (await createGroup(busy, [])).id
  const foreignId = (await createGroup(other, [])).id
  await sql`
    insert into chats (id, kind, name, seq, change, own_change, last_message_at)
    select gen_random_uuid(), 'group', 'Chat ' || n, ${messagesPerChat}, ${messagesPerChat + 2}, 2, now() - n * interval '1 minute'
    from generate_series(1, ${chatCount}) n`.execute(api.db)
  await sql`
    insert into chat_members (chat_id, user_id, role, joined_seq, joined_change, change, joined_at)
    select id, ${busy.userId}, 'admin', 0, 1, 1, now() - interval '1 year' from chats where name like 'Chat %'`.execute(
    api.db,
  )
  const insert = (chats: ReturnType<typeof sql>, count: number, from = 0) =>
    sql`
    insert into messages (id, chat_id, seq, change, sender_id, client_id, content_mac, body, created_at)
    select gen_random_uuid(), chats.id, n, n + 2, ${other.userId}, gen_random_uuid(), '',
      case when n % 5000 = 1 then 'rare' else 'usual' end || ' text ' || n, now() - interval '1 month' + n * interval '1 second'
    from ${chats}, generate_series(${from + 1}::int, ${from + count}::int) n`.execute(api.db)
  await insert(sql`(select id from chats where name like 'Chat %') chats`, messagesPerChat)
  for (const id of [bigId, foreignId])
    for (let from = 0; from < many; from += rowsPerStatement)
      await insert(sql`(select ${id}::uuid as id) chats`, rowsPerStatement, from)
  await sql`
    update chats set seq = ${many}, change = ${many + 2}, last_message_at = now()
    where id in (${bigId}, ${foreignId})`.execute(api.db)
  for (const table of ['messages', 'chats', 'chat_members'])
    await sql`vacuum analyze ${sql.table(table)}`.execute(api.db)
}, 120_000)
afterAll(() => api.close())

const get = async (url: string) => dataOf(await busy.inject('GET', `${chatsUrl}${url}`))
const messagesReadFor = (work: () => Promise<unknown>) => rowsRead(api.deps.db, 'messages', work)

test('a page of chats reads the last and the unread messages of its chats alone', async () => {
  const most = 20 * (messagesPerChat + 2) + 2 * 101
  const read = await messagesReadFor(async () => {
    const { chats } = await get('?limit=20')
    expect(chats[0]).toMatchObject({ id: bigId, unreadCount: 100 })
    expect(chats).toHaveLength(20)
  })
  expect(read.inSequence).toBe(0)
  expect(read.byIndex).toBeLessThanOrEqual(most)
})

test('a page of messages or changes reads what it shows, wherever it lies', async () => {
  for (const url of ['messages?limit=100', 'messages?limit=100&before=9000', `changes?limit=100&after=${many / 2}`]) {
    const read = await messagesReadFor(() => get(`/${bigId}/${url}`))
    expect([url, read.inSequence]).toEqual([url, 0])
    // Each change is found by its number and then read by its id.
    expect(read.byIndex, url).toBeLessThanOrEqual(2 * 102)
  }
})

test('reading a chat with many unread messages counts at most 100 of them', async () => {
  const read = await messagesReadFor(() => busy.inject('PUT', `${chatsUrl}/${bigId}/read`, { seq: 1 }))
  expect(read.inSequence).toBe(0)
  expect(read.byIndex).toBeLessThanOrEqual(101)
})

test('a search reads the matching messages of the own chats, and none of others', async () => {
  const found = chatCount + many / 5_000
  const read = await messagesReadFor(async () =>
    expect((await get('/search?q=rar&limit=20')).messages).toHaveLength(20),
  )
  expect(read.inSequence).toBe(0)
  expect(read.byIndex).toBeLessThanOrEqual(found + 2 * 21)
  const inBig = await messagesReadFor(() => get(`/search?q=rare&chatId=${bigId}`))
  expect(inBig.byIndex).toBeLessThanOrEqual(3 * (many / 5_000))
})

test('sending reads no other messages', async () => {
  const read = await messagesReadFor(async () =>
    dataOf(await busy.inject('POST', messagesUrl(bigId), { clientId: crypto.randomUUID(), body: 'usual' })),
  )
  expect([read.inSequence, read.byIndex]).toEqual([0, 0])
})
