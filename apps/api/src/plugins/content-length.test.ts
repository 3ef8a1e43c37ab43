import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

const ownPage = 'http://localhost:3000'
let api: TestApp
let user: TestUser
let taskUrl: string

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
  user = await api.signUp()
  const made = await user.inject('POST', '/api/v1/tasks', {
    title: 'A long one',
    description: 'words'.repeat(190),
    dueDate: '2027-01-01T09:00:00Z',
  })
  expect(made.statusCode, made.body).toBe(201)
  taskUrl = `/api/v1/tasks/${made.json().data.task.id}`
})
afterAll(() => api.close())

const headersOf = ({ headers }: Response) => Object.fromEntries(headers)

test.each(['GET', 'HEAD'])('a 304 of %s has the validators of the 200 and no Content-Length', async (method) => {
  for (const url of ['/api/v1/users/me', `/api/v1/users/${user.userId}`, taskUrl]) {
    const whole = await user.fetch(url)
    const etag = whole.headers.get('etag') ?? ''
    const answer = await user.fetch(url, { method, headers: { 'if-none-match': etag } })
    expect([answer.status, await answer.text()]).toEqual([304, ''])
    const headers = headersOf(answer)
    expect(headers).toMatchObject({ etag, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    for (const name of ['content-length', 'content-type', 'transfer-encoding']) expect(headers).not.toHaveProperty(name)
  }
})

test.each(['identity', 'gzip', 'br', ''])(
  'HEAD has the Content-Length of GET with the encoding %j, or none',
  async (coding) => {
    for (const url of ['/openapi.json', '/api/v1/users/me', taskUrl, '/api/v1/nothing']) {
      const headers = { 'accept-encoding': coding }
      const head = await user.fetch(url, { method: 'HEAD', headers })
      const get = await user.fetch(url, { headers })
      expect(head.status).toBe(get.status)
      expect([null, get.headers.get('content-length')]).toContain(head.headers.get('content-length'))
      await get.text()
    }
  },
)

test('a response without content has no Content-Length, preflights too', async () => {
  const headers = { origin: ownPage, 'access-control-request-method': 'PATCH' }
  for (const url of ['/api/v1/users/me', '/health', '/api/v1/nothing']) {
    const answer = await user.fetch(url, { method: 'OPTIONS', headers })
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect(headersOf(answer)).toMatchObject({ 'access-control-allow-origin': ownPage, 'x-frame-options': 'DENY' })
    expect(headersOf(answer)).not.toHaveProperty('content-length')
  }
})
