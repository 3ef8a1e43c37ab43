import { newId } from '@muster/db'
import type { ChatFile } from '@muster/realtime/shapes'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { routeLimits } from '../../../http/limits/limits.ts'
import { picture } from '../../../http/uploads/testing/sample-files.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../../testing/test-app.ts'
import { type Files, filesOf, formOf } from '../../attachments/testing/upload-fixtures.ts'
import {
  chatsUrl,
  createDirect,
  createGroup,
  makeFriends,
  messagesUrl,
  send,
  trySend,
} from '../testing/chat-fixtures.ts'

let api: TestApp
let ann: TestUser
let bo: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
  ann = await api.signUp()
  bo = await join()
})
afterAll(() => api.close())

const join = () => api.signUp({ role: 'client_user', organizationId: ann.organizationId as string })
const mediaUrl = (chatId: string, id?: string) => `${chatsUrl}/${chatId}/media${id ? `/${id}` : ''}`
const upload = async (as: TestUser, chatId: string, files: Files) => {
  const response = await as.fetch(mediaUrl(chatId), { method: 'POST', body: formOf(files) })
  return { status: response.status, body: (await response.json()) as { data: { attachments: ChatFile[] } } }
}
/** Uploads a text, which is ready at once. */
const uploaded = async (as: TestUser, chatId: string): Promise<string> => {
  const { status, body } = await upload(as, chatId, { 'notes.txt': 'Some text' })
  expect(status, JSON.stringify(body)).toBe(201)
  return (body.data.attachments[0] as ChatFile).id
}
const contentUrl = (id: string) => `/api/v1/attachments/${id}/content`
const statusOf = async (as: TestUser, url: string) => (await as.inject('GET', url)).statusCode
const deletedKeys = async () =>
  (await api.db.selectFrom('outbox').select('payload').where('name', '=', 'delete-files').execute()).flatMap(
    ({ payload }) => (payload as { keys: string[] }).keys,
  )

test('an upload is seen by its uploader alone until it is sent, then by the members who see the message', async () => {
  const { id: chatId } = await createGroup(ann, [bo])
  const { status, body } = await upload(ann, chatId, { 'photo.jpg': await picture('jpeg'), 'notes.txt': 'Grüße' })
  expect(status).toBe(201)
  const [photo, notes] = body.data.attachments as [ChatFile, ChatFile]
  expect(photo).toMatchObject({ chatId, filename: 'photo.jpg', status: 'processing', url: null })
  expect(notes).toMatchObject({ chatId, status: 'ready', url: expect.stringContaining(contentUrl(notes.id)) })
  expect((await ann.inject('GET', mediaUrl(chatId, photo.id))).json().data.attachment).toEqual(photo)
  const jobs = await api.db.selectFrom('outbox').select('payload').where('name', '=', 'optimize-image').execute()
  expect(jobs.map(({ payload }) => payload)).toContainEqual({ attachmentId: photo.id })
  const stranger = await api.signUp()
  const urls = [mediaUrl(chatId, notes.id), contentUrl(notes.id)]
  const seenBy = (as: TestUser) => Promise.all(urls.map((url) => statusOf(as, url)))
  expect([await seenBy(ann), await seenBy(bo), await seenBy(stranger)]).toEqual([
    [200, 200],
    [404, 404],
    [404, 404],
  ])

  const message = await send(ann, chatId, { attachmentIds: [notes.id, photo.id] })
  expect(message.attachments.map(({ id }) => id)).toEqual([notes.id, photo.id])
  expect([await seenBy(ann), await seenBy(bo), await seenBy(stranger)]).toEqual([
    [200, 200],
    [200, 200],
    [404, 404],
  ])
  const late = await join()
  await ann.inject('POST', `${chatsUrl}/${chatId}/members`, { userIds: [late.userId] })
  expect(await seenBy(late)).toEqual([404, 404])
  await ann.inject('DELETE', `${chatsUrl}/${chatId}/members/${bo.userId}`)
  expect(await seenBy(bo)).toEqual([404, 404])
})

test('a file is private and revalidated, and is gone with its message', async () => {
  const { id: chatId } = await createGroup(ann, [bo])
  const id = await uploaded(ann, chatId)
  const message = await send(ann, chatId, { body: 'Look', attachmentIds: [id] })
  const first = await bo.inject('GET', contentUrl(id))
  expect([first.headers['cache-control'], first.body]).toEqual(['private, no-cache', 'Some text'])
  const tag = { 'if-none-match': first.headers.etag as string }
  expect((await bo.inject('GET', contentUrl(id), undefined, tag)).statusCode).toBe(304)
  await ann.inject('DELETE', `${messagesUrl(chatId)}/${message.id}`)
  expect((await bo.inject('GET', contentUrl(id), undefined, tag)).statusCode).toBe(404)
  expect(await statusOf(ann, contentUrl(id))).toBe(404)
  expect(await deletedKeys()).toContain(`attachments/${id}/original`)
})

test('an unsent file can be deleted by its uploader alone, a sent one with its message', async () => {
  const { id: chatId } = await createGroup(ann, [bo])
  const [unsent, sent] = [await uploaded(ann, chatId), await uploaded(ann, chatId)]
  await send(ann, chatId, { attachmentIds: [sent] })
  expect((await bo.inject('DELETE', mediaUrl(chatId, unsent))).statusCode).toBe(404)
  expect((await ann.inject('DELETE', mediaUrl(chatId, sent))).statusCode).toBe(409)
  expect((await ann.inject('DELETE', mediaUrl(chatId, unsent))).statusCode).toBe(200)
  expect((await ann.inject('DELETE', mediaUrl(chatId, unsent))).statusCode).toBe(404)
  expect(await deletedKeys()).toContain(`attachments/${unsent}/original`)
  const other = await createGroup(ann, [])
  expect(await statusOf(ann, mediaUrl(other.id, sent))).toBe(404)
})

test('of two messages that take one file at once, one gets it', async () => {
  const { id: chatId } = await createGroup(ann, [bo])
  const id = await uploaded(ann, chatId)
  const answers = await Promise.all([1, 2].map(() => trySend(ann, chatId, { attachmentIds: [id] })))
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 400])
  expect((await trySend(bo, chatId, { attachmentIds: [await uploaded(ann, chatId)] })).statusCode).toBe(400)
})

test('what is no file of these types, nobody’s chat and a chat one cannot write to are refused', async () => {
  const { id: chatId } = await createGroup(ann, [bo])
  const before = await filesOf(api)
  expect((await upload(ann, chatId, { 'page.svg': '<svg/>' })).status).toBe(415)
  const many = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`${index}.txt`, 'x']))
  expect((await upload(ann, chatId, many)).status).toBe(413)
  const stranger = await api.signUp()
  expect((await upload(stranger, chatId, { 'a.txt': 'x' })).status).toBe(404)
  expect((await upload(ann, newId(), { 'a.txt': 'x' })).status).toBe(404)
  await makeFriends(api, ann, stranger)
  const direct = await createDirect(ann, stranger)
  await stranger.inject('POST', `/api/v1/friends/${ann.userId}/block`)
  expect((await upload(ann, direct.id, { 'a.txt': 'x' })).status).toBe(403)
  expect(await filesOf(api)).toEqual(before)
})

test('files count for the quota of the group’s organization, in other chats for that of the uploader', async () => {
  const small = await buildTestApp({ config: { storageQuotaBytes: 100 } })
  await small.listen()
  const cy = await small.signUp()
  const dee = await small.signUp({ role: 'client_user', organizationId: cy.organizationId as string })
  const friend = await small.signUp()
  await makeFriends(small, cy, friend)
  const ours = await createGroup(cy, [dee], { organizationId: cy.organizationId })
  const open = await createGroup(cy, [friend])
  expect((await upload(cy, ours.id, { 'a.txt': 'x'.repeat(60) })).status).toBe(201)
  expect((await upload(dee, ours.id, { 'a.txt': 'x'.repeat(60) })).status).toBe(409)
  expect((await upload(cy, open.id, { 'a.txt': 'x'.repeat(60) })).status).toBe(409)
  expect((await upload(friend, open.id, { 'a.txt': 'x'.repeat(60) })).status).toBe(201)
  await small.close()
})

test('a user uploads to chats at most 120 times an hour', async () => {
  const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
  const user = await strict.signUp()
  const url = mediaUrl(newId())
  for (let count = 0; count < routeLimits.chatMedia.max; count++)
    expect((await user.inject('POST', url)).statusCode).not.toBe(429)
  expect((await user.inject('POST', url)).statusCode).toBe(429)
  await strict.close()
})
