import { causeOfJob } from '@muster/jobs/admin'
import { queueNames } from '@muster/jobs/definitions'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formOf, makeTask, pathOf } from '../modules/attachments/testing/upload-fixtures.ts'
import { askAnything, connectSocket } from '../realtime/testing/sockets.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

let api: TestApp
let ann: TestUser
let bob: TestUser
const lines: Record<string, unknown>[] = []

beforeAll(async () => {
  api = await buildTestApp({ config: { logLevel: 'debug' }, onLog: (line) => lines.push(line) })
  await api.listen()
  ann = await api.signUp()
  bob = await api.signUp({ role: 'client_user', organizationId: ann.organizationId as string })
  await bob.inject('PUT', '/api/v1/users/me/preferences', { notifications: { general: { email: true } } })
})
afterAll(() => api.close())

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const idOf = (answer: { headers: Record<string, unknown> }) => answer.headers['x-request-id'] as string
const newTask = { title: 'Water', dueDate: '2099-01-01T00:00:00.000Z' }

/** Lists what has this request id, by table. */
async function causedBy(requestId: string): Promise<Record<string, string[]>> {
  const { rows } = await sql<{ table: string; name: string }>`
    select 'audit' as table, action as name from audit_pending where request_id = ${requestId}
    union all select 'mail', template from email_messages where request_id = ${requestId}
    union all select 'notification', data ->> 'event' from notifications where request_id = ${requestId}
    union all select 'outbox', name from outbox where request_id = ${requestId}`.execute(api.db)
  return Object.fromEntries(
    Object.entries(Object.groupBy(rows, ({ table }) => table)).map(([table, found = []]) => [
      table,
      found.map(({ name }) => name).sort(),
    ]),
  )
}

/** Lists the jobs in BullMQ that a request caused. */
async function jobsOf(requestId: string): Promise<string[]> {
  const queues = await api.deps.queueMonitor.queues()
  const jobs = (await Promise.all(queueNames.map((name) => queues.get(name)?.getJobs() ?? []))).flat()
  return jobs.filter((job) => causeOfJob(job)?.requestId === requestId).map(({ name }) => name)
}

test('all that a request causes has the id that the server made for it, never that of its caller', async () => {
  const body = { ...newTask, assigneeId: bob.userId }
  const answer = await ann.inject('POST', '/api/v1/tasks', body, { 'x-request-id': 'mine-1' })
  expect(answer.statusCode).toBe(201)
  const requestId = idOf(answer)
  expect(requestId).toMatch(uuidV7)
  expect(await causedBy(requestId)).toEqual({
    audit: ['task.created'],
    mail: ['task-assignment'],
    notification: ['taskAssigned'],
    outbox: ['send-email'],
  })
  expect(await causedBy('mine-1')).toEqual({})
  await eventually(async () => expect(await jobsOf(requestId)).toEqual(['send-email']))
})

test('concurrent requests that share a statement have an id each', async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, () => ann.inject('POST', '/api/v1/tasks', newTask)))
  const rows = await api.db
    .selectFrom('audit_pending')
    .select(['target_id', 'request_id'])
    .where('request_id', 'in', answers.map(idOf))
    .execute()
  const byTask = new Map(rows.map((row) => [row.target_id, row.request_id]))
  expect(answers.map((answer) => byTask.get(answer.json().data.task.id))).toEqual(answers.map(idOf))
})

test('an upload causes its job, although its body arrived in pieces', async () => {
  const task = await makeTask(ann)
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  const create = { width: 900, height: 900, channels: 3, background: 'black', noise } as const
  const files = { 'photo.png': await sharp({ create }).png().toBuffer() }
  const answer = await ann.fetch(pathOf(task), { method: 'POST', body: formOf(files) })
  expect(answer.status).toBe(201)
  expect(await causedBy(answer.headers.get('x-request-id') as string)).toMatchObject({ outbox: ['optimize-image'] })
})

test('a denied access has the id of its own request, whichever is recorded with it', async () => {
  const [one, two] = [await makeTask(ann), await makeTask(ann)]
  const stranger = await api.signUp()
  const answers = await Promise.all([one, two].map((id) => stranger.inject('GET', `/api/v1/tasks/${id}`)))
  for (const answer of answers)
    await eventually(async () => expect(await causedBy(idOf(answer))).toEqual({ audit: ['access.denied'] }))
})

test('each log line of a request has its id and that of its caller, in printable ASCII', async () => {
  await api.db.schema.alterTable('users').renameTo('users_gone').execute()
  const given = ` caf\u00e9 "${'x'.repeat(200)}`
  const answer = await ann.inject('PATCH', '/api/v1/users/me', { bio: 'hello' }, { 'x-request-id': given })
  const without = await ann.inject('PATCH', '/api/v1/users/me', { bio: 'hello' })
  await api.db.schema.alterTable('users_gone').renameTo('users').execute()
  expect([answer, without].map(({ statusCode }) => statusCode)).toEqual([500, 500])
  const [line, next] = lines.filter(({ msg }) => msg === 'request failed')
  expect(line).toMatchObject({ requestId: idOf(answer), clientRequestId: `caf "${'x'.repeat(123)}` })
  expect(next).toMatchObject({ requestId: idOf(without) })
  expect(next).not.toHaveProperty('clientRequestId')
})

test('an address that cannot be decoded is answered with an id of the server', async () => {
  const answer = await ann.inject('GET', '/%zz', undefined, { 'x-request-id': 'mine-2' })
  expect(answer.json().error.requestId).toBe(idOf(answer))
  expect(idOf(answer)).toMatch(uuidV7)
})

test('an event of a socket has an id of its own, in its log line and in its answer', async () => {
  const socket = await connectSocket(ann, api)
  await api.db.schema.alterTable('friendships').renameTo('friendships_gone').execute()
  const subscribe = () => askAnything(socket, 'presence:subscribe', { userIds: [bob.userId] })
  const answers = await Promise.all([subscribe(), subscribe()])
  await api.db.schema.alterTable('friendships_gone').renameTo('friendships').execute()
  socket.disconnect()
  const ids = answers.map((answer) => (answer.success ? '' : answer.error.requestId))
  expect(new Set(ids).size).toBe(2)
  const logged = lines.filter(({ msg }) => msg === 'realtime event failed')
  expect(logged.map(({ requestId }) => requestId).sort()).toEqual(ids.toSorted())
  for (const id of ids) expect(id).toMatch(uuidV7)
})
