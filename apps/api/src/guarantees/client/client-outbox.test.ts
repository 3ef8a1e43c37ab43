import 'fake-indexeddb/auto'
import { createCookieJar, type Muster, type MusterOptions } from '@muster/client'
import { eventually } from '@muster/testing'
import { indexedDB } from 'fake-indexeddb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { musterOf } from '../../testing/muster-of.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

let api: TestApp
let base: string
let ann: TestUser
let bert: TestUser
let chatId: string
const clients: Muster[] = []

beforeAll(async () => {
  api = await buildTestApp()
  base = await api.listen()
})
beforeEach(async () => {
  ann = await api.signUp()
  bert = await api.signUp({ organizationId: ann.organizationId ?? '' })
  const created = await ann.inject('POST', '/api/v1/chats', { type: 'direct', userId: bert.userId })
  chatId = created.json().data.chat.id
})
afterAll(async () => {
  for (const client of clients) client.close()
  await api.close()
})

/** Signs in a client, whose messages wait in the IndexedDB of this process as in that of a browser. */
async function open(user: TestUser, options: MusterOptions = {}): Promise<Muster> {
  const muster = await musterOf(user, base, options)
  clients.push(muster)
  return muster
}

/** A network that lets messages through or not, and counts those that it was given. */
function network() {
  const state = { isUp: true, loseAnswers: 0, sent: [] as string[] }
  const pass = async (request: Request) => {
    if (!/\/messages$/.test(new URL(request.url).pathname) || request.method !== 'POST') return fetch(request)
    state.sent.push(((await request.clone().json()) as { body: string }).body)
    if (!state.isUp) throw new TypeError('fetch failed')
    const response = await fetch(request)
    if (state.loseAnswers-- > 0) throw new TypeError('fetch failed')
    return response
  }
  return { state, fetch: pass }
}

const bodiesIn = (id: string) =>
  api.db.selectFrom('messages').select(['seq', 'body', 'sender_id']).where('chat_id', '=', id).orderBy('seq').execute()
const texts = async (id: string) => (await bodiesIn(id)).map(({ body }) => body)

test('four messages sent offline arrive once and in their order when the first fails once', async () => {
  const { state, fetch } = network()
  const chat = (await open(ann, { fetch })).chat(chatId)
  await chat.open()
  state.isUp = false
  const sent = ['one', 'two', 'three', 'four'].map((body) => chat.send(body))
  expect(chat.getSnapshot().outgoing.map(({ body, state }) => [body, state])).toEqual([
    ['one', 'sending'],
    ['two', 'pending'],
    ['three', 'pending'],
    ['four', 'pending'],
  ])
  await eventually(() => expect(state.sent.length).toBeGreaterThan(1))
  state.loseAnswers = 1
  state.isUp = true
  const messages = await Promise.all(sent.map(({ whenSent }) => whenSent()))
  expect(messages.map(({ seq, body }) => [seq, body])).toEqual([
    [1, 'one'],
    [2, 'two'],
    [3, 'three'],
    [4, 'four'],
  ])
  expect(await texts(chatId)).toEqual(['one', 'two', 'three', 'four'])
  expect(chat.getSnapshot().messages.map(({ body }) => body)).toEqual(['one', 'two', 'three', 'four'])
  expect(state.sent.slice(0, -3)).toEqual(state.sent.slice(0, -3).map(() => 'one'))
})

test('a message that waits survives a reload, and is never sent for another user', async () => {
  const { state, fetch } = network()
  const first = await open(ann, { fetch })
  state.isUp = false
  const { clientId } = first.chat(chatId).send('Written before the reload')
  await eventually(() => expect(state.sent.length).toBeGreaterThan(0))
  first.close()

  const second = await open(bert)
  second.realtime()
  await second.chat(chatId).open()
  expect(second.chat(chatId).getSnapshot().outgoing).toEqual([])

  const reloaded = await open(ann)
  reloaded.realtime()
  await eventually(async () => expect(await bodiesIn(chatId)).toMatchObject([{ sender_id: ann.userId }]))
  const [message] = (await reloaded.chats.messages(chatId)).messages
  expect(message).toMatchObject({ clientId, body: 'Written before the reload' })
  const again = await open(ann)
  again.realtime()
  await again.chat(chatId).open()
  await eventually(() => expect(again.chat(chatId).getSnapshot().outgoing).toEqual([]))
  expect(await texts(chatId)).toEqual(['Written before the reload'])
})

test('a refused message stays with its reason, lets others pass, and is retried or discarded', async () => {
  const muster = await open(ann)
  const chat = muster.chat(chatId)
  await chat.open()
  const refused: string[] = []
  muster.realtime().on('message:refused', ({ body }) => refused.push(body ?? ''))
  const [long, ok] = [chat.send('x'.repeat(4_001)), chat.send('Short enough')]
  await expect(long.whenSent()).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
  await ok.whenSent()
  expect(refused).toEqual(['x'.repeat(4_001)])
  expect(chat.getSnapshot().outgoing.filter(({ state }) => state === 'failed')).toMatchObject([
    { clientId: long.clientId, refusal: { code: 'VALIDATION_FAILED' } },
  ])
  chat.retry(long.clientId)
  await eventually(() => expect(chat.getSnapshot().outgoing).toMatchObject([{ state: 'failed' }]))
  chat.discard(long.clientId)
  expect(chat.getSnapshot().outgoing).toEqual([])
  const reloaded = await open(ann)
  reloaded.realtime()
  await reloaded.chat(chatId).open()
  expect(reloaded.chat(chatId).getSnapshot().outgoing).toEqual([])
})

test('a message is not sent when another user has signed in meanwhile, in another tab', async () => {
  const { state, fetch } = network()
  const url = new URL(base)
  const jar = createCookieJar()
  for (const [name, value] of ann.cookies) jar.store(url, [`${name}=${value}`])
  const muster = await open(ann, { fetch, cookies: jar })
  state.isUp = false
  muster.chat(chatId).send('Of Ann')
  await eventually(() => expect(state.sent.length).toBeGreaterThan(0))
  for (const [name, value] of bert.cookies) jar.store(url, [`${name}=${value}`])
  state.isUp = true
  await eventually(() => expect(muster.session.getSnapshot()).toMatchObject({ user: { id: bert.userId } }))
  expect(muster.chat(chatId).getSnapshot().outgoing).toEqual([])
  expect(await texts(chatId)).toEqual([])
})

test('a sign-out keeps unsent messages for their user, unless it discards them', async () => {
  for (const [discardUnsent, kept] of [
    [false, 1],
    [true, 0],
  ] as const) {
    const user = await api.signUp({ organizationId: ann.organizationId ?? '' })
    const { state, fetch } = network()
    const muster = await open(user, { fetch })
    state.isUp = false
    muster.chat(chatId).send('Unsent')
    await eventually(() => expect(state.sent.length).toBeGreaterThan(0))
    await muster.session.signOut({ discardUnsent })
    expect(muster.chat(chatId).getSnapshot()).toMatchObject({ status: 'idle', messages: [], outgoing: [] })
    expect((await storedItems()).filter(({ userId }) => userId === user.userId)).toHaveLength(kept)
  }
})

const storedItems = () =>
  new Promise<{ userId: string }[]>((resolve, reject) => {
    const opening = indexedDB.open(`muster-outbox ${base}`)
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const reading = opening.result.transaction('outbox').objectStore('outbox').getAll()
      reading.onsuccess = () => resolve(reading.result)
    }
  })
