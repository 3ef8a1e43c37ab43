import { connect, type Socket } from 'node:net'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { filesOf } from '../modules/attachments/testing/upload-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

let api: TestApp
let user: TestUser
let port: number
const lines: Record<string, unknown>[] = []

beforeAll(async () => {
  api = await buildTestApp({ config: { logLevel: 'debug' }, onLog: (line) => lines.push(line) })
  user = await api.signUp()
  port = Number(new URL(await api.listen()).port)
})
afterAll(() => api.close())
beforeEach(() => void lines.splice(0))

const patch = () => user.inject('PATCH', '/api/v1/users/me', { bio: 'hello' })

test('while Postgres does not respond, each request logs one short line with the reason', async () => {
  const answers = await api.db.transaction().execute(async (trx) => {
    await sql`lock table users in access exclusive mode`.execute(trx)
    return Promise.all([patch(), patch()])
  })
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([503, 503])
  const line = { level: 'warn', msg: 'request refused', errorCode: 'DEPENDENCY_UNAVAILABLE', reason: '57014' }
  const logged = lines.filter(({ msg }) => msg !== 'slow request')
  expect(logged).toEqual([expect.objectContaining(line), expect.objectContaining(line)])
  expect(JSON.stringify(logged)).not.toMatch(/ at .*\.ts|\[redacted\]/)
})

test('an internal error is logged with its stack and code', async () => {
  await api.db.schema.alterTable('users').renameTo('users_gone').execute()
  expect((await patch()).statusCode).toBe(500)
  await api.db.schema.alterTable('users_gone').renameTo('users').execute()
  expect(lines.filter(({ level }) => level === 'error')).toMatchObject([
    { level: 'error', msg: 'request failed', err: { code: '42P01', stack: expect.stringMatching(/at /) } },
  ])
})

test('a client that disconnects during its body is not an error', async () => {
  const socket = await begin('PATCH /api/v1/users/me', 'application/json', '{"bio": ')
  socket.destroy()
  await expectOnlyAbort()
})

test('a client that disconnects during an upload is not an error', async () => {
  const task = { title: 'With files', dueDate: '2099-01-01T00:00:00.000Z' }
  const { id } = (await user.inject('POST', '/api/v1/tasks', task)).json().data.task
  const file = '--x\r\ncontent-disposition: form-data; name="files"; filename="a.txt"\r\n\r\nbeginning'
  const socket = await begin(`POST /api/v1/tasks/${id}/attachments`, 'multipart/form-data; boundary=x', file)
  await eventually(async () => expect((await filesOf(api)).staged).not.toEqual([]))
  socket.destroy()
  await expectOnlyAbort()
})

/** Sends the beginning of a request, with a body that is not complete. */
async function begin(target: string, type: string, beginning: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  const cookie = [...user.cookies].map((pair) => pair.join('=')).join('; ')
  const head = `${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\nContent-Type: ${type}\r\nCookie: ${cookie}`
  await new Promise((resolve) => socket.write(`${head}\r\n\r\n${beginning}`, resolve))
  return socket
}

async function expectOnlyAbort(): Promise<void> {
  const abort = { level: 'debug', msg: 'request aborted by the client' }
  await eventually(() => expect(lines).toContainEqual(expect.objectContaining(abort)))
  expect(lines.filter(({ level }) => level !== 'debug')).toEqual([])
}
