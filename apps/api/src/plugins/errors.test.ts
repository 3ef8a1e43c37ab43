import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

let api: TestApp
let user: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  user = await api.signUp()
})
afterAll(() => api.close())

const json = { 'content-type': 'application/json' }
const codeOf = (answer: { json(): { error: { code: string } } }) => answer.json().error.code

test('every error has the request id, a message, a code and nothing else', async () => {
  const answer = await api.connect().inject('GET', '/api/v1/users/me')
  expect(answer.statusCode).toBe(401)
  expect(answer.json()).toEqual({
    success: false,
    message: expect.any(String),
    error: { code: 'UNAUTHENTICATED', requestId: answer.headers['x-request-id'] },
  })
})

test('a body that is not JSON, too large or of another type has its own error code', async () => {
  const url = '/api/v1/auth/login'
  expect(codeOf(await api.connect().inject('POST', url, '{"email":', json))).toBe('MALFORMED_JSON')
  expect(codeOf(await api.connect().inject('POST', url, Buffer.from('{"email":"\xff"}', 'latin1'), json))).toBe(
    'MALFORMED_JSON',
  )
  for (const type of ['application/x-www-form-urlencoded', 'text/plain']) {
    const answer = await api.connect().inject('POST', url, 'a=b', { 'content-type': type })
    expect(codeOf(answer)).toBe('UNSUPPORTED_MEDIA_TYPE')
  }
  const large = await api.connect().inject('POST', url, `"${'x'.repeat(1024 * 1024)}"`, json)
  expect([large.statusCode, codeOf(large)]).toEqual([413, 'BODY_TOO_LARGE'])
})

test('an empty JSON body counts as none: accepted without a body schema, else missing', async () => {
  const someone = await api.signUp()
  expect((await someone.inject('POST', '/api/v1/auth/refresh', '', json)).statusCode).toBe(200)
  const unknown = '/api/v1/tasks/01890000-0000-7000-8000-000000000000'
  expect(codeOf(await someone.inject('DELETE', unknown, '', json))).toBe('NOT_FOUND')
  const missing = await someone.inject('POST', '/api/v1/tasks', '', json)
  expect(missing.json().error.details).toMatchObject([{ path: 'body', code: 'REQUIRED', message: 'is required' }])
  expect((await someone.inject('POST', '/api/v1/auth/logout', '', json)).statusCode).toBe(200)
})

test.each([
  ['limit=1&limit=2', 'query.limit', 'is given more than once'],
  ['q=a&q=b', 'query.q', 'is given more than once'],
  ['status=todo&status=completed', 'query.status', 'is given more than once'],
  ...['1e2', '%201', '0x10', '1.0', '+1', '', 'ten'].map((limit) => [
    `limit=${limit}`,
    'query.limit',
    'must be a whole number',
  ]),
  ['limit=-1', 'query.limit', 'must be at least 1'],
  ['limit=101', 'query.limit', 'must be at most 100'],
])('the query %s is refused with the reason', async (query, path, message) => {
  const answer = await user.inject('GET', `/api/v1/tasks?${query}`)
  expect([answer.statusCode, answer.json().error.details]).toMatchObject([400, [{ path, message }]])
})

test('a missing field is reported as required', async () => {
  const answer = await user.inject('POST', '/api/v1/tasks', { priority: 'high' })
  expect(answer.json().error.details).toMatchObject([{ path: 'body.title', message: 'is required' }])
})

test('the response to thousands of faults is short', async () => {
  const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key${index}`, 1]))
  const answer = await user.inject('PATCH', '/api/v1/users/me', unknown)
  expect(answer.json().error.details).toHaveLength(50)
  expect(answer.body.length).toBeLessThan(6_000)
})

test('an unknown key and a wrong value are reported with their paths', async () => {
  const answer = await user.inject('PATCH', '/api/v1/users/me', { bio: 'x'.repeat(151), nickname: 'x' })
  expect(answer.statusCode).toBe(400)
  expect(answer.json().error.details).toEqual([
    { path: 'body.bio', code: 'TOO_LONG', params: { min: 0, max: 150 }, message: 'must have at most 150 characters' },
    { path: 'body.nickname', code: 'UNKNOWN_KEY', params: {}, message: 'is not known here' },
  ])
})

test('a character that Postgres cannot store is refused, in a body and in a query', async () => {
  const answer = await user.inject('PATCH', '/api/v1/users/me', { name: 'a\u0000b', bio: '\u0000' })
  expect(answer.json().error.details.map(({ path }: { path: string }) => path)).toEqual(['body.name', 'body.bio'])
  const admin = await api.signUp({ role: 'operator' })
  expect(codeOf(await admin.inject('GET', '/api/v1/admin/audit-events?action=%00'))).toBe('VALIDATION_FAILED')
})

test('a path without a route answers 404, another method of a route 405 with Allow', async () => {
  expect(codeOf(await api.connect().inject('GET', '/api/v1/nothing'))).toBe('NOT_FOUND')
  const answer = await api.connect().inject('PUT', '/api/v1/users/me', {})
  expect([answer.statusCode, codeOf(answer)]).toEqual([405, 'METHOD_NOT_ALLOWED'])
  expect(answer.headers.allow).toBe('GET, HEAD, PATCH, DELETE')
})

test.each(['QUERY', 'PROPFIND', 'OPTIONS', 'POST'])(
  '%s without a route answers 404 or 405, with any body',
  async (method) => {
    const send = (url: string) => api.app.inject({ method: method as 'POST', url, headers: json, payload: '{' })
    const known = await send('/docs')
    expect([known.statusCode, codeOf(known), known.headers.allow]).toEqual([405, 'METHOD_NOT_ALLOWED', 'GET, HEAD'])
    const unknown = await send('/api/v1/nothing')
    expect([unknown.statusCode, codeOf(unknown)]).toEqual([404, 'NOT_FOUND'])
  },
)

test('a preflight of the own page succeeds, also for a route that needs a session', async () => {
  const answer = await api.connect().inject('OPTIONS', '/api/v1/tasks', undefined, {
    origin: 'http://localhost:3000',
    'access-control-request-method': 'POST',
  })
  expect(answer.statusCode).toBe(204)
  expect(answer.headers).toMatchObject({
    'access-control-allow-origin': 'http://localhost:3000',
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  })
})

test('an unsafe request from a foreign page is refused; own pages and other clients pass', async () => {
  const from = (headers: Record<string, string>) => user.inject('PATCH', '/api/v1/users/me', { bio: 'hello' }, headers)
  expect(codeOf(await from({ origin: 'https://evil.example' }))).toBe('CROSS_ORIGIN')
  expect(codeOf(await from({ origin: 'null' }))).toBe('CROSS_ORIGIN')
  expect(codeOf(await from({ 'sec-fetch-site': 'cross-site' }))).toBe('CROSS_ORIGIN')
  expect((await from({ origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' })).statusCode).toBe(200)
  expect((await from({})).statusCode).toBe(200)
})

test('an internal error reveals nothing to the caller', async () => {
  const broken = await buildTestApp()
  const owner = await broken.signUp()
  await broken.db.schema.alterTable('users').renameTo('users_gone').execute()
  const answer = await owner.inject('PATCH', '/api/v1/users/me', { bio: 'hello' })
  expect([answer.statusCode, codeOf(answer)]).toEqual([500, 'INTERNAL'])
  expect(answer.body).not.toMatch(/users|relation|select|at .*\.ts/)
  await broken.close()
})

test('every response has the security headers', async () => {
  const { headers } = await api.connect().inject('GET', '/api/v1/nothing')
  expect(headers).toMatchObject({
    'content-security-policy': expect.stringContaining("default-src 'none'"),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
  })
})
