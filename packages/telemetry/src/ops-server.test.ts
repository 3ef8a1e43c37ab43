import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpsServer, startOpsServer } from './ops-server.ts'

let ops: OpsServer
const url = (path: string) => `http://127.0.0.1:${ops.port}${path}`

beforeAll(async () => {
  ops = await startOpsServer({ host: '127.0.0.1', port: 0, obstacles: async () => [] })
})
afterAll(() => ops.close())

test.each(['/livez', '/readyz', '/readyz?verbose', '/metrics'])('%s responds to HEAD as to GET', async (path) => {
  expect((await fetch(url(path))).status).toBe(200)
  const head = await fetch(url(path), { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})

test('other methods get 405 and the allowed methods', async () => {
  const answer = await fetch(url('/livez'), { method: 'POST' })
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

test.each([
  ['headers', 'GET /livez HTTP/1.1\r\nHost: a\r\n'],
  ['a body', 'GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n'],
])(
  'a client that sends %s slowly is cut off within seconds',
  async (_name, bytes) => {
    const socket = connect({ host: '127.0.0.1', port: ops.port })
    socket.on('error', () => {})
    socket.write(bytes)
    const timer = setInterval(() => socket.writable && socket.write('a'), 200)
    await text(socket).catch(() => '')
    clearInterval(timer)
    expect(socket.destroyed).toBe(true)
  },
  15_000,
)
