import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'

let api: TestApp
let port: number

beforeAll(async () => {
  api = await buildTestApp()
  port = Number(new URL(await api.listen()).port)
})
afterAll(() => api.close())

/** Sends the bytes and returns everything that the server sends until it closes the connection. */
async function received(bytes: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.write(bytes)
  return text(socket)
}

async function answerTo(bytes: string) {
  const [head = '', body = ''] = (await received(bytes)).split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = new Headers(lines.map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]))
  return { status: Number(statusLine.split(' ')[1]), headers, body: JSON.parse(body) }
}

const get = (path: string, header = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${header}\r\n`

const post = (header: string, body: string) =>
  `POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n${header}\r\n\r\n${body}`
const chunks = '2\r\n{}\r\n0\r\n\r\n'
const me = '/api/v1/users/me'

test.each([
  ['an address that is not percent-encoded UTF-8', 400, 'VALIDATION_FAILED', get('/%zz')],
  ['an address with a long part', 400, 'VALIDATION_FAILED', get(`/api/v1/tasks/${'a'.repeat(2_100)}`)],
  ['bytes that are no HTTP', 400, 'VALIDATION_FAILED', 'HELLO\r\n\r\n'],
  ['an unknown method', 400, 'VALIDATION_FAILED', `FOO ${me} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['the preface of HTTP/2', 400, 'VALIDATION_FAILED', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['two lengths', 400, 'VALIDATION_FAILED', get('/', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')],
  ['large headers', 431, 'HEADERS_TOO_LARGE', get('/', `X-Large: ${'a'.repeat(20_000)}\r\n`)],
  ['headers of a megabyte', 431, 'HEADERS_TOO_LARGE', get('/', `X-Large: ${'a'.repeat(1_000_000)}\r\n`)],
  ['no Host', 400, 'VALIDATION_FAILED', `GET /health HTTP/1.1\r\n\r\n`],
  ['no Host and a body', 400, 'VALIDATION_FAILED', 'POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}'],
  ['two Hosts', 400, 'VALIDATION_FAILED', get('/health', 'Host: b\r\n')],
  ['the same Host twice', 400, 'VALIDATION_FAILED', get('/health', 'HOST: a\r\n')],
  ['two Hosts at an unknown address', 400, 'VALIDATION_FAILED', get('/nothing', 'Host: b\r\n')],
  [
    'a second Host after thousands of headers',
    400,
    'VALIDATION_FAILED',
    get('/', `${'a:\r\n'.repeat(2_100)}Host: b\r\n`),
  ],
  ['two Hosts of HTTP/1.0', 400, 'VALIDATION_FAILED', 'GET /health HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['a Host with a path', 400, 'VALIDATION_FAILED', 'GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a Host with a space', 400, 'VALIDATION_FAILED', 'GET /health HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['a Host with a user', 400, 'VALIDATION_FAILED', 'GET /health HTTP/1.1\r\nHost: u@a\r\n\r\n'],
  ['two Hosts in one line', 400, 'VALIDATION_FAILED', 'GET /health HTTP/1.1\r\nHost: a, b\r\n\r\n'],
  ['an unknown expectation', 417, 'EXPECTATION_FAILED', get('/health', 'Expect: x\r\n')],
  ['an unknown expectation beside 100-continue', 417, 'EXPECTATION_FAILED', get('/', 'Expect: 100-continue, x\r\n')],
  ['a body in gzip', 415, 'UNSUPPORTED_MEDIA_TYPE', post('Content-Encoding: gzip\r\nContent-Length: 2', '{}')],
  [
    'a chunked body in br',
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    post('Content-Encoding: br\r\nTransfer-Encoding: chunked', chunks),
  ],
  [
    'a body in several encodings',
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    post('Content-Encoding: identity, deflate\r\nContent-Length: 2', '{}'),
  ],
  ['a transfer encoding other than chunked', 501, 'NOT_IMPLEMENTED', post('Transfer-Encoding: gzip, chunked', chunks)],
  ['chunked that is not last', 400, 'VALIDATION_FAILED', post('Transfer-Encoding: chunked, identity', chunks)],
  [
    'chunks in HTTP/1.0',
    400,
    'VALIDATION_FAILED',
    `${post('Transfer-Encoding: chunked', chunks).replace('1.1', '1.0')}`,
  ],
  ['a broken chunk', 400, 'VALIDATION_FAILED', post('Transfer-Encoding: chunked', 'zz\r\n{}\r\n')],
  [
    'a large chunk extension',
    413,
    'BODY_TOO_LARGE',
    post('Transfer-Encoding: chunked', `2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`),
  ],
  ['HTTP/0.9', 505, 'HTTP_VERSION_NOT_SUPPORTED', 'GET /health\r\n\r\n'],
  ['HTTP/2.0 in text', 505, 'HTTP_VERSION_NOT_SUPPORTED', 'GET /health HTTP/2.0\r\nHost: a\r\n\r\n'],
  ['CONNECT', 405, 'METHOD_NOT_ALLOWED', 'CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['TRACE', 405, 'METHOD_NOT_ALLOWED', get(me).replace('GET', 'TRACE')],
  ['OPTIONS of the whole server', 404, 'NOT_FOUND', get('*').replace('GET', 'OPTIONS')],
  ['an Upgrade', 401, 'UNAUTHENTICATED', get(me, 'Upgrade: websocket\r\n').replace(': close', ': Upgrade, close')],
  ['a whole URL as its target', 401, 'UNAUTHENTICATED', get(`http://elsewhere${me}?a=b`)],
  [
    'a whole URL of a route with another method',
    405,
    'METHOD_NOT_ALLOWED',
    get(`http://elsewhere${me}`).replace('GET', 'PUT'),
  ],
])('%s is answered in the envelope, with the security headers', async (_name, status, code, bytes) => {
  const answer = await answerTo(bytes)
  const requestId = answer.headers.get('x-request-id') ?? ''
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
  expect(answer.status).toBe(status)
  const { details: _, ...error } = (answer.body as { error: { details?: unknown } }).error
  expect({ ...answer.body, error }).toEqual({ success: false, message: expect.any(String), error: { code, requestId } })
  const regular = (await answerTo(get('/api/v1/nothing'))).headers
  for (const name of [
    'content-security-policy',
    'content-type',
    'cross-origin-resource-policy',
    'referrer-policy',
    'strict-transport-security',
    'x-content-type-options',
    'x-frame-options',
  ]) {
    expect([name, answer.headers.get(name)]).toEqual([name, regular.get(name)])
  }
})

test.each([
  ['an IPv6 Host', 'GET /health HTTP/1.1\r\nHost: [::1]:3000\r\nConnection: close\r\n\r\n'],
  ['an empty Host', 'GET /health HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'],
  ['HTTP/1.0 without Host', 'GET /health HTTP/1.0\r\n\r\n'],
  ['a target without a path', 'GET http://elsewhere?a=b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
])('%s is accepted', async (_name, bytes) => {
  expect([200, 404]).toContain((await answerTo(bytes)).status)
})

test('the encoding identity is accepted, and any encoding without a body', async () => {
  const identity = await answerTo(post('Content-Encoding: Identity\r\nContent-Length: 2', '{}'))
  expect(identity.body.error.details).not.toHaveLength(0)
  expect((await answerTo(get('/health', 'Content-Encoding: gzip\r\n'))).status).toBe(200)
})

test('100 Continue is sent only when nothing else refuses the request', async () => {
  const waiting = 'Expect: 100-continue\r\nContent-Length: 2'
  expect(await received(post(waiting, '{}'))).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 400 /)
  expect(await received(post(waiting, '').replace('/auth/login', '/users/me/avatar'))).toMatch(/^HTTP\/1.1 40[45] /)
  expect(await received(post(waiting, '').replace('/auth/login', '/tasks'))).toMatch(/^HTTP\/1.1 401 /)
})

test('responses keep the order of their requests, also when the last one is not HTTP', async () => {
  const answers = await received(
    `GET /health HTTP/1.1\r\nHost: a\r\n\r\n${get(me).replace('close', 'keep-alive')}GARBAGE\r\n\r\n`,
  )
  expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401', 'HTTP/1.1 400'])
})
