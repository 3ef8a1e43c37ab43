import { type ChatHandle, createCookieJar, type Message, type Muster } from '@muster/client'
import { type CuttableLink, eventually, startCuttableLink } from '@muster/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createDirect, createGroup, makeFriends, send } from '../../modules/chats/testing/chat-fixtures.ts'
import { type Instance, startInstance } from '../../realtime/testing/sockets.ts'
import { musterOf } from '../../testing/muster-of.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

let api: TestApp
let base: string
let other: Instance
let link: CuttableLink
const clients: Muster[] = []

beforeAll(async () => {
  api = await buildTestApp()
  base = await api.listen()
  other = await startInstance(api)
  link = await startCuttableLink(other.url)
})
afterEach(() => {
  link.mend()
  for (const client of clients.splice(0)) client.close()
})
afterAll(async () => {
  await link.close()
  await other.close()
  await api.close()
})

/** Signs in a client and waits until it is connected. */
async function open(user: TestUser, url = base): Promise<Muster> {
  const muster = await musterOf(user, url)
  clients.push(muster)
  await muster.realtime().whenOpen()
  return muster
}

const colleague = (user: TestUser) => api.signUp({ organizationId: user.organizationId ?? '' })

async function opened(muster: Muster, id: string): Promise<ChatHandle> {
  const chat = muster.chat(id)
  await chat.open()
  return chat
}

const bodies = (chat: ChatHandle) => chat.getSnapshot().messages.map(({ body }) => body)

/** Asserts that everything a client shows of a chat is what a fresh reading gives. */
async function assertCurrent(muster: Muster, id: string): Promise<void> {
  await eventually(async () => {
    const [fresh, { messages }] = [await muster.chats.get(id), await muster.chats.messages(id, { limit: 100 })]
    const snapshot = muster.chat(id).getSnapshot()
    expect(snapshot.messages).toEqual(messages)
    expect(snapshot.chat).toEqual(fresh)
    expect(snapshot.outgoing).toEqual([])
    expect(
      muster
        .realtime()
        .chats.getSnapshot()
        .items.find((chat) => chat.id === id),
    ).toEqual(fresh)
  })
}

describe('a chat over two instances', () => {
  test('shows messages, reactions, edits, deletions and unread counts as they happen', async () => {
    const ann = await api.signUp()
    const bert = await colleague(ann)
    const [annClient, bertClient] = [await open(ann), await open(bert, other.url)]
    const { id } = await annClient.chats.create({ type: 'direct', userId: bert.userId })
    const [annChat, bertChat] = [await opened(annClient, id), await opened(bertClient, id)]

    const message = await annChat.send('Good morning!').whenSent()
    await eventually(() => expect(bodies(bertChat)).toEqual(['Good morning!']))
    expect(bertChat.getSnapshot()).toMatchObject({ chat: { unreadCount: 1, lastSeq: 1 } })
    expect(bertClient.realtime().chats.getSnapshot()).toMatchObject({ unreadCount: 1, items: [{ id }] })

    bertChat.read()
    expect(bertChat.getSnapshot().chat?.unreadCount).toBe(0)
    await bertChat.react(message.id, '👋')
    await eventually(() => expect(annChat.getSnapshot().messages[0]?.reactions).toMatchObject([{ emoji: '👋' }]))
    await annChat.edit(message.id, 'Good evening!')
    await eventually(() => expect(bodies(bertChat)).toEqual(['Good evening!']))
    await annChat.send({ body: 'Deleted soon', replyToId: message.id }).whenSent()
    await eventually(() => expect(bertChat.getSnapshot().chat?.unreadCount).toBe(1))
    await annChat.delete(annChat.getSnapshot().messages[1]?.id ?? '')
    await eventually(() => expect(bertChat.getSnapshot().chat?.unreadCount).toBe(0))
    expect(bertChat.getSnapshot().messages[1]).toMatchObject({ body: null, deletedAt: expect.any(String) })
    await Promise.all([assertCurrent(annClient, id), assertCurrent(bertClient, id)])
  })

  test('misses nothing while a connection is cut, sends what was written, and says so once', async () => {
    const ann = await api.signUp()
    const bert = await colleague(ann)
    const [annClient, bertClient] = [await open(ann), await open(bert, link.url)]
    const { id } = await annClient.chats.create({ type: 'direct', userId: bert.userId })
    const [annChat, bertChat] = [await opened(annClient, id), await opened(bertClient, id)]
    const first = await annChat.send('Before').whenSent()
    const second = await annChat.send('Also before').whenSent()
    await eventually(() => expect(bodies(bertChat)).toEqual(['Before', 'Also before']))
    const told: string[] = []
    const changes: number[] = []
    for (const event of ['synced', 'resynced'] as const) bertClient.realtime().on(event, () => told.push(event))
    bertClient.realtime().on('chat:change', ({ change }) => changes.push(change))

    link.cut()
    await eventually(() => expect(bertClient.realtime().connection.getSnapshot()).toBe('waiting'))
    const written = bertChat.send('Written without a connection')
    for (const body of ['one', 'two', 'three']) await annChat.send(body).whenSent()
    await annChat.edit(first.id, 'Before, edited')
    await annChat.delete(second.id)
    const gone = await annChat.send('Edited, then deleted').whenSent()
    await annChat.edit(gone.id, 'Edited')
    await annChat.delete(gone.id)
    expect(bodies(bertChat)).toEqual(['Before', 'Also before'])
    expect(bertChat.getSnapshot().outgoing).toMatchObject([{ body: 'Written without a connection' }])

    link.mend()
    await written.whenSent()
    await assertCurrent(bertClient, id)
    await assertCurrent(annClient, id)
    expect(bodies(bertChat)).toEqual([
      'Before, edited',
      null,
      'one',
      'two',
      'three',
      null,
      'Written without a connection',
    ])
    expect(told).toEqual(['synced'])
    expect(changes).toEqual(changes.toSorted((one, next) => one - next))
    expect(new Set(changes).size).toBe(changes.length)
  })
})

test('a restored database is read anew once, without a loop', async () => {
  const ann = await api.signUp()
  const bert = await colleague(ann)
  const [annClient, bertClient] = [await open(ann), await open(bert, link.url)]
  const { id } = await annClient.chats.create({ type: 'direct', userId: bert.userId })
  const [annChat, bertChat] = [await opened(annClient, id), await opened(bertClient, id)]
  await annChat.send('Kept').whenSent()
  await annChat.send('Lost by the restore').whenSent()
  await eventually(() => expect(bodies(bertChat)).toHaveLength(2))
  const told: string[] = []
  for (const event of ['synced', 'resynced'] as const) bertClient.realtime().on(event, () => told.push(event))
  link.cut()
  await eventually(() => expect(bertClient.realtime().connection.getSnapshot()).toBe('waiting'))
  await api.db.deleteFrom('messages').where('chat_id', '=', id).where('seq', '=', 2).execute()
  await api.db.updateTable('chats').set({ seq: 1, change: 4 }).where('id', '=', id).execute()
  await api.db.updateTable('restore_epoch').set({ id: crypto.randomUUID() }).execute()
  link.mend()
  await eventually(() => expect(told).toEqual(['resynced']))
  expect(bodies(bertChat)).toEqual(['Kept'])
  await bertChat.send('After the restore').whenSent()
  await assertCurrent(bertClient, id)
  expect(told).toEqual(['resynced'])
})

test('a session that ends closes the connection, empties what was known, and a sign-in begins anew', async () => {
  const ann = await api.signUp()
  const bert = await colleague(ann)
  const jar = createCookieJar()
  for (const [name, value] of ann.cookies) jar.store(new URL(base), [`${name}=${value}`])
  const muster = await musterOf(ann, base, { cookies: jar })
  clients.push(muster)
  const realtime = muster.realtime()
  await realtime.whenOpen()
  const { id } = await muster.chats.create({ type: 'direct', userId: bert.userId })
  const chat = await opened(muster, id)
  await chat.send('Only for members').whenSent()
  const ended: string[] = []
  realtime.on('session:ended', ({ reason }) => ended.push(reason))
  await ann.inject('POST', '/api/v1/auth/logout-all')
  await eventually(() => expect(muster.session.getSnapshot()).toEqual({ status: 'signed-out', isEnded: true }))
  expect(ended).toEqual(['revoked'])
  expect([realtime.connection.getSnapshot(), realtime.chats.getSnapshot().items]).toEqual(['off', []])
  expect(chat.getSnapshot()).toMatchObject({ status: 'idle', messages: [], chat: undefined })

  // The client asks once more who is signed in, and the answer removes the cookies.
  await eventually(() => expect(jar.toJSON()).toEqual([]))
  for (const [name, value] of bert.cookies) jar.store(new URL(base), [`${name}=${value}`])
  await muster.session.restore()
  await realtime.whenOpen()
  await chat.open()
  expect(chat.getSnapshot().messages.map((message: Message) => message.body)).toEqual(['Only for members'])
})

describe('membership', () => {
  test('a removed member loses the chat, and begins anew when they are added again', async () => {
    const ann = await api.signUp()
    const bert = await colleague(ann)
    const [annClient, bertClient] = [await open(ann), await open(bert, other.url)]
    const { id } = await annClient.chats.create({ type: 'group', name: 'Garden', memberIds: [bert.userId] })
    const [annChat, bertChat] = [await opened(annClient, id), await opened(bertClient, id)]
    await annChat.send('While he is a member').whenSent()
    await eventually(() => expect(bodies(bertChat)).toEqual(['While he is a member']))
    await annClient.chats.removeMember(id, bert.userId)
    await eventually(() => expect(bertChat.getSnapshot()).toMatchObject({ status: 'ended', messages: [] }))
    expect(bertClient.realtime().chats.getSnapshot().items).toEqual([])
    await annChat.send('While he is none').whenSent()
    await annClient.chats.addMembers(id, { userIds: [bert.userId] })
    await eventually(() => expect(bertClient.realtime().chats.getSnapshot().items).toMatchObject([{ id }]))
    await bertChat.open()
    await annChat.send('While he is one again').whenSent()
    await eventually(() => expect(bodies(bertChat)).toEqual(['While he is one again']))
    await Promise.all([assertCurrent(annClient, id), assertCurrent(bertClient, id)])
  })
})

test('older messages are read back to the number of one that was found, without gaps', async () => {
  const ann = await api.signUp()
  const members = [ann, await colleague(ann), await colleague(ann)]
  const { id } = await createGroup(ann, members.slice(1))
  // Each member stays below the limit of messages a minute.
  await Promise.all(
    members.map(async (member) => {
      for (let count = 1; count <= 55; count++) await send(member, id, `Message ${count}`)
    }),
  )
  const chat = await opened(await open(ann), id)
  const numbers = () => chat.getSnapshot().messages.map(({ seq }) => seq)
  const from = (first: number) => Array.from({ length: 165 - first + 1 }, (_, index) => first + index)
  expect(numbers()).toEqual(from(116))
  await chat.loadOlder(40)
  expect(numbers()).toEqual(from(16))
  await chat.loadOlder(16)
  expect(numbers()).toEqual(from(16))
  await chat.loadOlder(3)
  expect(numbers()).toEqual(from(1))
  expect(chat.getSnapshot().hasOlder).toBe(false)
})

test('a chat that is read anew tells that nobody can write in it after a block', async () => {
  const ann = await api.signUp()
  const bert = await colleague(ann)
  const client = await open(ann)
  const { id } = await client.chats.create({ type: 'direct', userId: bert.userId })
  const chat = await opened(client, id)
  expect(chat.getSnapshot().chat?.writable).toBe(true)
  await client.friends.block(bert.userId)
  await chat.refresh()
  expect(chat.getSnapshot().chat?.writable).toBe(false)
  await client.friends.unblock(bert.userId)
  await chat.refresh()
  expect(chat.getSnapshot().chat?.writable).toBe(true)
})

test('notifications arrive, are read here or elsewhere, and are complete after a cut', async () => {
  const ann = await api.signUp()
  const bert = await api.signUp()
  const [annClient, bertClient] = [await open(ann), await open(bert, link.url)]
  const { notifications } = bertClient.realtime()
  const unread = () => notifications.getSnapshot().unreadCount
  await eventually(() => expect(notifications.getSnapshot()).toMatchObject({ status: 'ready', items: [] }))
  const request = await annClient.friends.request({ userId: bert.userId })
  await eventually(() => expect(notifications.getSnapshot().items).toMatchObject([{ actor: { id: ann.userId } }]))
  await eventually(() => expect(unread()).toBe(1))
  link.cut()
  await eventually(() => expect(bertClient.realtime().connection.getSnapshot()).toBe('waiting'))
  const [first] = notifications.getSnapshot().items
  await bert.inject('PATCH', `/api/v1/notifications/${first?.id}/read`)
  const carl = await api.signUp()
  await carl.inject('POST', '/api/v1/friends/requests', { userId: bert.userId })
  link.mend()
  await eventually(() => expect(notifications.getSnapshot().items.map(({ isRead }) => isRead)).toEqual([false, true]))
  expect(unread()).toBe(1)
  await notifications.markAllRead()
  await eventually(() => expect(unread()).toBe(0))
  await notifications.delete(first?.id ?? '')
  expect(notifications.getSnapshot().items).toMatchObject([{ actor: { id: carl.userId }, isRead: true }])
  expect(await bertClient.friends.requests()).toMatchObject({ incoming: [{}, { id: request.id }] })
})

test('chats that cannot be read say why, notifications too, and both are read once they can be', async () => {
  const [ann, bert] = [await api.signUp(), await api.signUp()]
  await makeFriends(api, ann, bert)
  const { id } = await createDirect(ann, bert)
  let isBroken = true
  const muster = await musterOf(bert, base, {
    fetch: async (request) =>
      isBroken && /\/(chats|notifications)/.test(request.url) ? new Response('', { status: 500 }) : fetch(request),
  })
  clients.push(muster)
  const { chats, notifications } = muster.realtime()
  const failed = { status: 'failed', error: { status: 500 }, items: [] }
  await eventually(() => {
    expect(chats.getSnapshot()).toMatchObject(failed)
    expect(notifications.getSnapshot()).toMatchObject(failed)
  })
  await expect(chats.reload()).rejects.toMatchObject({ status: 500 })
  expect(chats.getSnapshot()).toMatchObject(failed)
  isBroken = false
  await Promise.all([chats.reload(), notifications.reload()])
  expect(chats.getSnapshot()).toMatchObject({ status: 'ready', error: undefined, items: [{ id }] })
  expect(notifications.getSnapshot()).toMatchObject({ status: 'ready', error: undefined })
  await muster.realtime().whenOpen()
  await send(ann, id, 'Good morning')
  await eventually(() => expect(chats.getSnapshot()).toMatchObject({ items: [{ id, unreadCount: 1 }] }))
})

test('notifications whose first page cannot be read say why, and are read once it can be', async () => {
  const [ann, bert] = [await api.signUp(), await api.signUp()]
  await ann.inject('POST', '/api/v1/friends/requests', { userId: bert.userId })
  let isBroken = true
  const muster = await musterOf(bert, base, {
    fetch: async (request) =>
      isBroken && request.url.includes('/notifications') ? new Response('', { status: 500 }) : fetch(request),
  })
  clients.push(muster)
  const { notifications } = muster.realtime()
  await eventually(() =>
    expect(notifications.getSnapshot()).toMatchObject({ status: 'failed', error: { status: 500 }, items: [] }),
  )
  isBroken = false
  await eventually(() => expect(notifications.getSnapshot()).toMatchObject({ status: 'ready', error: undefined }))
  expect(notifications.getSnapshot().items).toMatchObject([{ actor: { id: ann.userId } }])
})
