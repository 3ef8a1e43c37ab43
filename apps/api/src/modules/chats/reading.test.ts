import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
  removeMember,
  send,
} from './testing/chat-fixtures.ts'

let clock: ManualClock
let api: TestApp
let ann: TestUser
let bo: TestUser

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
  ann = await api.signUp()
  bo = await joining(api, ann)
})
afterAll(() => api.close())

const read = (as: TestUser, chatId: string, seq: number) => as.inject('PUT', `${chatsUrl}/${chatId}/read`, { seq })
const search = async (as: TestUser, query: string) =>
  dataOf(await as.inject('GET', `${chatsUrl}/search?${query}`)).messages.map(({ body }: { body: string }) => body)

test('a read position only rises, so that a stale device changes nothing', async () => {
  const { id } = await createGroup(ann, [bo])
  for (const body of ['One', 'Two', 'Three']) await send(ann, id, body)
  expect((await chatOf(bo, id)).unreadCount).toBe(3)
  expect(dataOf(await read(bo, id, 2))).toEqual({ readSeq: 2, unreadCount: 1 })
  expect(dataOf(await read(bo, id, 1))).toEqual({ readSeq: 2, unreadCount: 1 })
  expect(dataOf(await read(bo, id, 2))).toEqual({ readSeq: 2, unreadCount: 1 })
  expect(await chatOf(bo, id)).toMatchObject({ readSeq: 2, unreadCount: 1 })
  const beyond = await read(bo, id, 4)
  expect([beyond.statusCode, beyond.json().error.details]).toMatchObject([
    400,
    [{ path: 'body.seq', code: 'TOO_LARGE', params: { max: 3 } }],
  ])
  for (const seq of [-1, 1.5, '3', null]) expect((await read(bo, id, seq as number)).statusCode).toBe(400)
  expect((await read(await api.signUp(), id, 1)).statusCode).toBe(404)
  expect((await chatOf(ann, id)).unreadCount).toBe(0)
})

test('reading does not wait for somebody who holds the chat’s lock', async () => {
  const { id } = await createGroup(ann, [bo])
  await send(ann, id)
  await api.db.transaction().execute(async (trx) => {
    await trx.selectFrom('chats').select('id').where('id', '=', id).forUpdate().execute()
    expect(dataOf(await read(bo, id, 1))).toEqual({ readSeq: 1, unreadCount: 0 })
  })
})

test('deleting an unread message lowers the count by one, a read one changes nothing', async () => {
  const { id } = await createGroup(ann, [bo])
  const sent = [await send(ann, id), await send(ann, id), await send(ann, id)]
  await read(bo, id, 1)
  const remove = (index: number) => ann.inject('DELETE', `${messagesUrl(id)}/${sent[index]?.id}`)
  await remove(0)
  expect((await chatOf(bo, id)).unreadCount).toBe(2)
  await remove(1)
  expect((await chatOf(bo, id)).unreadCount).toBe(1)
})

test('unread messages are counted up to 99, and one more stands for all above', async () => {
  const { id } = await createGroup(ann, [bo])
  for (let count = 0; count < 99; count++) await send(ann, id, `${count}`)
  expect((await chatOf(bo, id)).unreadCount).toBe(99)
  await send(ann, id)
  await send(ann, id)
  expect((await chatOf(bo, id)).unreadCount).toBe(100)
  expect(dataOf(await read(bo, id, 2)).unreadCount).toBe(99)
})

test('messages are paged by number in both directions, always ascending', async () => {
  const { id } = await createGroup(ann, [bo])
  for (let count = 1; count <= 5; count++) await send(ann, id, `${count}`)
  const page = async (query: string) => {
    const { messages, hasMore } = dataOf(await bo.inject('GET', `${messagesUrl(id)}${query}`))
    return [messages.map(({ seq }: { seq: number }) => seq), hasMore]
  }
  expect(await page('?limit=2')).toEqual([[4, 5], true])
  expect(await page('?limit=2&before=4')).toEqual([[2, 3], true])
  expect(await page('?limit=2&before=2')).toEqual([[1], false])
  expect(await page('?limit=2&after=0')).toEqual([[1, 2], true])
  expect(await page('?limit=2&after=3')).toEqual([[4, 5], false])
  expect(await page('?after=5')).toEqual([[], false])
  for (const query of ['?after=1&before=3', '?before=x', '?limit=101', '?after=-1'])
    expect((await bo.inject('GET', `${messagesUrl(id)}${query}`)).statusCode).toBe(400)
})

test('changes are paged, and a cursor ahead of the server or of an earlier membership asks for a resync', async () => {
  const { id } = await createGroup(ann, [bo])
  for (let count = 1; count <= 3; count++) await send(ann, id)
  const url = `${chatsUrl}/${id}/changes`
  const first = dataOf(await ann.inject('GET', `${url}?after=2&limit=2`))
  expect(first).toMatchObject({ latest: 6, hasMore: true, resync: false, changes: [{ change: 3 }, { change: 4 }] })
  expect(await changesOf(ann, id, 4)).toMatchObject({ hasMore: false, changes: [{ change: 5 }, { change: 6 }] })
  expect(await changesOf(ann, id, 6)).toEqual({ latest: 6, hasMore: false, resync: false, changes: [] })
  expect(await changesOf(ann, id, 7)).toEqual({ latest: 6, hasMore: false, resync: true, changes: [] })
  await removeMember(ann, id, bo)
  expect((await bo.inject('GET', url)).statusCode).toBe(404)
  await send(ann, id, 'While bo is away')
  await addMember(ann, id, bo)
  const back = await changesOf(bo, id, 4)
  expect(back).toMatchObject({ resync: true, changes: [{ kind: 'member', change: 9 }] })
  expect(await messagesOf(bo, id)).toEqual([])
})

test('a chat is muted for a time or for ever, and archived, by each member for themselves', async () => {
  const { id } = await createGroup(ann, [bo])
  const url = `${chatsUrl}/${id}`
  const until = new Date(clock.now().getTime() + 3_600_000).toISOString()
  const put = async (what: string, body?: object) => dataOf(await bo.inject('PUT', `${url}/${what}`, body)).chat
  expect(await put('mute', { until })).toMatchObject({ muted: true, mutedUntil: until, mutesMentions: false })
  expect(await put('mute', { mutesMentions: true })).toMatchObject({
    muted: true,
    mutedUntil: null,
    mutesMentions: true,
  })
  expect(await put('mute', { until })).toMatchObject({ mutesMentions: false })
  clock.advance(3_600_001)
  expect(await chatOf(bo, id)).toMatchObject({ muted: false, mutedUntil: null })
  expect((await bo.inject('PUT', `${url}/mute`, { until })).json().error.details).toMatchObject([
    { code: 'IN_THE_PAST' },
  ])
  await put('mute', {})
  expect(dataOf(await bo.inject('DELETE', `${url}/mute`)).chat).toMatchObject({ muted: false })
  expect(await put('archive')).toMatchObject({ archived: true })
  await send(ann, id)
  const listed = async (as: TestUser, query = '') =>
    dataOf(await as.inject('GET', `${chatsUrl}?limit=100${query}`)).chats.map((chat: { id: string }) => chat.id)
  expect(await listed(bo)).not.toContain(id)
  expect(await listed(bo, '&archived=true')).toEqual([id])
  expect(await listed(bo, '&archived=any')).toEqual([id, ...(await listed(bo))])
  expect(await listed(ann)).toContain(id)
  expect(dataOf(await bo.inject('DELETE', `${url}/archive`)).chat).toMatchObject({ archived: false })
  expect(await listed(bo)).toContain(id)
})

test('pages of chats repeat and skip none while messages arrive', async () => {
  const user = await api.signUp()
  const chats: { id: string }[] = []
  for (let index = 0; index < 7; index++) {
    clock.advance(1_000)
    chats.unshift(await createGroup(user, [], { name: `${index}` }))
  }
  clock.advance(1_000)
  const seen: string[] = []
  let cursor = ''
  do {
    const answer = (await user.inject('GET', `${chatsUrl}?limit=2${cursor}`)).json()
    seen.push(...answer.data.chats.map((chat: { id: string }) => chat.id))
    // The last chat of the next page, which moves to the top of the list.
    const moved = chats[seen.length + 1]
    clock.advance(1_000)
    if (moved) await send(user, moved.id)
    cursor = answer.pagination.nextCursor && `&cursor=${answer.pagination.nextCursor}`
  } while (cursor)
  expect(seen).toEqual(chats.map(({ id }) => id))
  const [first] = dataOf(await user.inject('GET', `${chatsUrl}?limit=1`)).chats
  expect(first).toMatchObject({ lastMessage: { body: 'Hello' }, memberCount: 1 })
})

test('a search finds beginnings of words, phrases and exclusions in the own chats alone', async () => {
  const [user, other] = [await api.signUp(), await api.signUp()]
  const [one, two] = [await createGroup(user, []), await createGroup(user, [])]
  await send(user, one.id, 'The green Garten, früh')
  clock.advance(1)
  await send(user, two.id, 'A garden gnome')
  clock.advance(1)
  await send(user, one.id, 'Nothing of it')
  await send(other, (await createGroup(other, [])).id, 'A garden of others')
  const q = (text: string, rest = '') => search(user, `q=${encodeURIComponent(text)}${rest}`)
  expect(await q('gar')).toEqual(['A garden gnome', 'The green Garten, früh'])
  expect(await q('GARDEN gnome')).toEqual(['A garden gnome'])
  expect(await q('"garden gnome"')).toEqual(['A garden gnome'])
  expect(await q('"gnome garden"')).toEqual([])
  expect(await q('fruh')).toEqual(['The green Garten, früh'])
  expect(await q('gar -gnome')).toEqual(['The green Garten, früh'])
  expect(await q('-garden')).toEqual(['Nothing of it', 'The green Garten, früh'])
  expect(await q('gnome or nothing')).toEqual(['Nothing of it', 'A garden gnome'])
  expect(await q('gar', `&chatId=${one.id}`)).toEqual(['The green Garten, früh'])
  for (const text of ['!!!', one.id.slice(-8), `${one.id.slice(-8)}garten`]) expect(await q(text)).toEqual([])
  const first = (await user.inject('GET', `${chatsUrl}/search?q=gar&limit=1`)).json()
  expect(await q('gar', `&limit=1&cursor=${first.pagination.nextCursor}`)).toEqual(['The green Garten, früh'])
})
