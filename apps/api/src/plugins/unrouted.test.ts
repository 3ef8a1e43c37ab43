import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../testing.ts'

let api: TestApp
let port: number

beforeAll(async () => {
  api = await buildTestApp()
  port = Number(new URL(await api.listen()).port)
})
afterAll(() => api.close())

/** What the server sends until it closes the connection. */
async function answerTo(bytes: string) {
  const socket = connect({ host: '127.0.0.1', port })
  socket.write(bytes)
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = new Headers(lines.map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]))
  return { status: Number(statusLine.split(' ')[1]), headers, body: JSON.parse(body) }
}

const get = (path: string, header = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${header}\r\n`

test.each([
  ['an address that is not percent-encoded UTF-8', 400, 'VALIDATION_FAILED', get('/%zz')],
  ['an address with a long part', 400, 'VALIDATION_FAILED', get(`/api/v1/tasks/${'a'.repeat(200)}`)],
  ['what is no HTTP', 400, 'VALIDATION_FAILED', 'HELLO\r\n\r\n'],
  ['two lengths', 400, 'VALIDATION_FAILED', get('/', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')],
  ['large headers', 431, 'HEADERS_TOO_LARGE', get('/', `X-Large: ${'a'.repeat(20_000)}\r\n`)],
])('%s is answered in the envelope, with the security headers of every answer', async (_name, status, code, bytes) => {
  const answer = await answerTo(bytes)
  const requestId = answer.headers.get('x-request-id') ?? ''
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
  expect(answer.status).toBe(status)
  expect(answer.body).toEqual({ success: false, message: expect.any(String), error: { code, requestId } })
  const usual = (await answerTo(get('/api/v1/nothing'))).headers
  for (const name of [
    'content-security-policy',
    'content-type',
    'cross-origin-resource-policy',
    'referrer-policy',
    'strict-transport-security',
    'x-content-type-options',
    'x-frame-options',
  ]) {
    expect([name, answer.headers.get(name)]).toEqual([name, usual.get(name)])
  }
})

test('an address that can’t be read keeps the request id of the caller', async () => {
  expect((await answerTo(get('/%zz', 'X-Request-Id: mine-1\r\n'))).body.error.requestId).toBe('mine-1')
})
