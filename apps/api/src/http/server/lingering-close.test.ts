import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

/** The promise is 5 s; the rest is for a busy machine, and below the 30 s of the body's timeout. */
const soonMs = 20_000
let api: TestApp
let port: number
let user: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  port = Number(new URL(await api.listen()).port)
  user = await api.signUp()
})
afterAll(() => api.close())

const cookie = () => `Cookie: ${[...user.cookies].map(([name, value]) => `${name}=${value}`).join('; ')}\r\n`

/** Sends the bytes, and then the piece every 100 ms until the server closes the connection. */
async function drip(bytes: string, piece: string | Buffer = ' ') {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  const startedAtMs = performance.now()
  let answer = ''
  let resetAt: string | undefined
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.on('error', ({ message }) => {
    resetAt = message
  })
  socket.write(bytes)
  const timer = setInterval(() => socket.writable && socket.write(piece), 100)
  await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(timer)
  return { answer, resetAt, elapsedMs: performance.now() - startedAtMs }
}

const head = (line: string, ...headers: string[]) =>
  `${line} HTTP/1.1\r\nHost: a\r\n${headers.map((header) => `${header}\r\n`).join('')}`
const json = 'Content-Type: application/json'
const form = 'Content-Type: multipart/form-data; boundary=x'
const part = '--x\r\nContent-Disposition: form-data; name="other"; filename="a.png"\r\n\r\n'

const refusals: [string, number, () => string][] = [
  ['200 of a GET', 200, () => `${head('GET /api/v1/auth/config', 'Content-Length: 5000')}\r\n{`],
  [
    '200 of a signed-in GET',
    200,
    () => `${head('GET /api/v1/users/me', json, 'Content-Length: 5000')}${cookie()}\r\n{`,
  ],
  ['304', 304, () => `${head('GET /api/v1/users/me', 'If-None-Match: *', 'Content-Length: 5000')}${cookie()}\r\n{`],
  ['200 of a HEAD', 200, () => `${head('HEAD /api/v1/auth/config', 'Transfer-Encoding: chunked')}\r\n5000\r\n{`],
  ['400 of a bad address', 400, () => `${head('POST /%zz', json, 'Content-Length: 5000')}\r\n{`],
  ['400 without Host', 400, () => 'POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n{'],
  ['401', 401, () => `${head('POST /api/v1/tasks', json, 'Content-Length: 5000')}\r\n{`],
  ['401 of chunks', 401, () => `${head('POST /api/v1/tasks', json, 'Transfer-Encoding: chunked')}\r\n5000\r\n{`],
  ['401 of an upload', 401, () => `${head('PUT /api/v1/users/me/avatar', form, 'Content-Length: 5000')}\r\n${part}`],
  [
    '403',
    403,
    () => `${head('POST /api/v1/auth/login', 'Origin: https://evil.test', json, 'Content-Length: 50')}\r\n{`,
  ],
  ['404', 404, () => `${head('DELETE /api/v1/nothing', 'Content-Length: 5000')}\r\n{`],
  ['405', 405, () => `${head('PROPFIND /api/v1/users/me', 'Content-Length: 5000')}\r\n{`],
  ['413', 413, () => `${head('POST /api/v1/auth/login', json, 'Content-Length: 9000000')}\r\n{`],
  [
    '415 of a type',
    415,
    () => `${head('POST /api/v1/auth/login', 'Content-Type: text/csv', 'Content-Length: 50')}\r\n{`,
  ],
  ['415 without a type', 415, () => `${head('POST /api/v1/auth/login', 'Content-Length: 5000')}\r\n{`],
  [
    '415 of a coding',
    415,
    () => `${head('POST /api/v1/auth/login', json, 'Content-Encoding: gzip', 'Content-Length: 50')}\r\n{`,
  ],
  ['417', 417, () => `${head('POST /api/v1/auth/login', json, 'Expect: x', 'Content-Length: 5000')}\r\n{`],
  [
    '400 of an upload midway',
    400,
    () => `${head('PUT /api/v1/users/me/avatar', form, 'Content-Length: 5000')}${cookie()}\r\n${part}`,
  ],
]
test.concurrent.each(refusals)(
  'the connection of a %s closes within seconds although the body goes on',
  async (_name, status, bytes) => {
    const { answer, elapsedMs } = await drip(bytes())
    expect(answer).toContain(`HTTP/1.1 ${status} `)
    expect(answer).toMatch(/\r\nconnection: close\r\n/i)
    expect(elapsedMs).toBeLessThan(soonMs)
  },
)

test.concurrent('a client that keeps sending after a refusal still reads the whole response', async () => {
  const megabyte = Buffer.alloc(1024 * 1024, ' ')
  const { answer } = await drip(
    `${head('POST /api/v1/auth/login', json, 'Transfer-Encoding: chunked')}\r\nfffffff\r\n${megabyte}${megabyte}`,
    megabyte,
  )
  expect(answer).toMatch(/^HTTP\/1.1 413 [\s\S]*"code":"BODY_TOO_LARGE"/)
})

test.concurrent('bytes after the body of a refused request are not read as another request', async () => {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  let answers = ''
  socket.on('data', (chunk) => {
    answers += chunk
  })
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(`${head('POST /api/v1/tasks', json, 'Content-Length: 3')}\r\n{`)
  await eventually(() => expect(answers).toContain('HTTP/1.1 401'))
  socket.end(`}}${head('GET /health')}\r\n`)
  await closed
  expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 401'])
})

test.concurrent('a refused request with a complete body keeps its connection', async () => {
  const refused = `${head('POST /api/v1/tasks', json, 'Content-Length: 2')}\r\n{}`
  const socket = connect({ host: '127.0.0.1', port })
  let answers = ''
  socket.on('data', (chunk) => {
    answers += chunk
    if (answers.endsWith('}') && !answers.includes('healthy'))
      socket.write(`${head('GET /health', 'Connection: close')}\r\n`)
  })
  socket.write(refused)
  await new Promise((resolve) => socket.once('close', resolve))
  expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 401', 'HTTP/1.1 200'])
})

test('a connection closes when its client does not read, also while it sends a body', async () => {
  const other = await buildTestApp()
  const { server } = other.app
  const open = promisify(server.getConnections.bind(server))
  const origin = new URL(await other.listen())
  expect([server.timeout, server.requestTimeout]).toEqual([120_000, 310_000])
  Object.assign(server, { timeout: 500, headersTimeout: 1_000, requestTimeout: 1_000 })
  for (const last of ['', `${head('POST /api/v1/tasks', json, 'Content-Length: 5000')}\r\n{`]) {
    const socket = connect({ host: '127.0.0.1', port: Number(origin.port) })
    socket.on('error', () => {})
    // The responses exceed the buffers of both sockets.
    socket.write(`${head('GET /openapi.json')}\r\n`.repeat(90) + last)
    const timer = last ? setInterval(() => socket.writable && socket.write(' '), 100) : undefined
    await eventually(async () => expect(await open()).toBe(1))
    await eventually(async () => expect(await open()).toBe(0), { timeoutMs: 15_000 })
    clearInterval(timer)
    socket.destroy()
  }
  await other.close()
})
