import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf } from '../../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../../testing/test-app.ts'
import { createDirect, createGroup, messagesUrl, send } from '../testing/chat-fixtures.ts'

let api: TestApp
let admin: TestUser
let ann: TestUser
let bo: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  admin = await api.signUp({ role: 'operator' })
  ann = await api.signUp()
  bo = await api.signUp({ role: 'client_user', organizationId: ann.organizationId as string })
})
afterAll(() => api.close())

const report = (as: TestUser, chatId: string, messageId: string, reason: unknown = 'It is rude.') =>
  as.inject('POST', `${messagesUrl(chatId)}/${messageId}/report`, { reason })
const reportsFor = async (as: TestUser) => dataOf(await as.inject('GET', '/api/v1/admin/message-reports')).reports
const noticesOf = async (as: TestUser) =>
  dataOf(await as.inject('GET', '/api/v1/notifications')).notifications.map(
    ({ message }: { message: string }) => message,
  )

test('a report of a group’s message reaches its organization once, with the message as it is now', async () => {
  const cy = await api.signUp({ role: 'client_user', organizationId: ann.organizationId as string })
  const { id: chatId } = await createGroup(bo, [cy], { organizationId: ann.organizationId })
  const rude = await send(cy, chatId, 'Something rude')
  const first = await report(bo, chatId, rude.id)
  const second = await report(bo, chatId, rude.id, 'Again.')
  expect([first.statusCode, second.statusCode]).toEqual([201, 200])
  expect(dataOf(second).report).toEqual(dataOf(first).report)
  expect(await noticesOf(ann)).toEqual(['A message in the group “Garden” was reported.'])
  expect(await noticesOf(admin)).toEqual([])
  await cy.inject('PATCH', `${messagesUrl(chatId)}/${rude.id}`, { body: 'Something nice' })
  const expected = {
    reason: 'It is rude.',
    reporter: { id: bo.userId },
    chat: { id: chatId, name: 'Garden', organizationId: ann.organizationId },
    message: { id: rude.id, body: 'Something nice', sender: { id: cy.userId } },
  }
  expect(await reportsFor(ann)).toMatchObject([expected])
  expect(await reportsFor(admin)).toMatchObject([expected])
  expect(await reportsFor(await api.signUp())).toEqual([])
  expect((await bo.inject('GET', '/api/v1/admin/message-reports')).statusCode).toBe(403)
  await cy.inject('DELETE', `${messagesUrl(chatId)}/${rude.id}`)
  expect(await reportsFor(ann)).toMatchObject([{ message: { body: null, deletedAt: expect.any(String) } }])
  expect((await report(ann, chatId, rude.id)).statusCode).toBe(404)
})

test('a report of a direct chat reaches the platform; what one does not see, wrote or lost cannot be reported', async () => {
  const { id: chatId } = await createDirect(ann, bo)
  const [rude, own] = [await send(bo, chatId, 'Rude'), await send(ann, chatId, 'Mine')]
  expect((await report(ann, chatId, rude.id)).statusCode).toBe(201)
  expect(await noticesOf(admin)).toEqual(['A message in a direct chat was reported.'])
  expect((await report(ann, chatId, own.id)).statusCode).toBe(409)
  expect((await report(await api.signUp(), chatId, rude.id)).statusCode).toBe(404)
  for (const reason of ['', '  ', 'x'.repeat(1_001), null])
    expect((await report(ann, chatId, rude.id, reason)).statusCode).toBe(400)
  await bo.inject('DELETE', `${messagesUrl(chatId)}/${rude.id}`)
  expect((await report(ann, chatId, rude.id)).statusCode).toBe(409)
})
