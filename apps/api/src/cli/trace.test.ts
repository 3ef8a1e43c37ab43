import { newId } from '@muster/db'
import { sendEmail } from '@muster/jobs/definitions'
import { handle, startWorker } from '@muster/jobs/worker'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventsOf } from '../modules/admin/testing/admin-fixtures.ts'
import { chainEvents } from '../modules/audit/testing/audit-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'
import { muster } from './testing/cli-fixtures.ts'

let api: TestApp
let ann: TestUser
let bob: TestUser
let requestId: string

beforeAll(async () => {
  api = await buildTestApp()
  ann = await api.signUp()
  bob = await api.signUp({ role: 'client_user', organizationId: ann.organizationId as string })
  await bob.inject('PUT', '/api/v1/users/me/preferences', { notifications: { general: { email: true } } })
  requestId = await assign()
})
afterAll(() => api.close())

/** Creates a task for Bob, who is told and mailed. @returns the id of the request, when its job is in BullMQ */
async function assign(): Promise<string> {
  const body = { title: 'Water', dueDate: '2099-01-01T00:00:00.000Z', assigneeId: bob.userId }
  const id = (await ann.inject('POST', '/api/v1/tasks', body)).headers['x-request-id'] as string
  await eventually(async () => expect(await jobsOf(id)).toMatchObject([{ name: 'send-email', state: 'waiting' }]))
  return id
}

/** Finds the jobs of a request in BullMQ. */
async function jobsOf(id: string) {
  const rows = await api.db.selectFrom('outbox').select('id').where('request_id', '=', id).execute()
  return api.deps.queueMonitor.findJobsOf(id, { since: new Date(0), rowIds: rows.map((row) => row.id) })
}

const trace = async (id: string) => JSON.parse((await muster(api, ['trace', id, '--json'])).stdout)
const idOfTime = (at: Date) => {
  const hex = at.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${newId().slice(15)}`
}

test('trace shows what a request caused, with the state of its jobs, and is audited', async () => {
  const [text, shown] = await Promise.all([muster(api, ['trace', requestId]), trace(requestId)])
  expect(shown).toMatchObject({
    requestId,
    isWhole: true,
    auditEvents: [{ action: 'task.created', actorId: ann.userId, seq: null, targetType: 'task' }],
    mails: [{ template: 'task-assignment', to: bob.email, status: 'queued' }],
    notifications: [{ userId: bob.userId, event: 'taskAssigned', isRead: false }],
    jobs: [{ queue: 'email', name: 'send-email', state: 'waiting', isInOutbox: true, reason: null }],
  })
  expect(Math.abs(Date.parse(shown.requestedAt) - Date.now())).toBeLessThan(60_000)
  expect([text.code, text.stderr]).toEqual([0, ''])
  for (const word of ['task.created', 'task-assignment', bob.email, 'taskAssigned', 'send-email', 'waiting'])
    expect(text.stdout).toContain(word)
  expect(await eventsOf(api, 'admin.request_traced', requestId)).toMatchObject(
    Array(2).fill({ actor_id: null, after: { by: 'operator', jobs: 1, emailIds: [shown.mails[0].id] } }),
  )
})

test('an id is found in what was pasted: quotes, spaces, capitals, its field, the id of its trace', async () => {
  const pasted = [` {"level":"error", "requestId": "${requestId.toUpperCase()}"},\n`, requestId.replaceAll('-', '')]
  for (const shown of await Promise.all(pasted.map(trace))) expect(shown).toMatchObject({ requestId, jobs: [{}] })
})

test('the id of a mail, a job, an audit event or a notification leads to its request', async () => {
  const { mails, jobs, auditEvents, notifications } = await trace(requestId)
  const effects = {
    mail: mails[0].id,
    job: jobs[0].id,
    'audit event': auditEvents[0].id,
    notification: notifications[0].id,
  }
  for (const [kind, id] of Object.entries(effects))
    expect(await trace(id)).toMatchObject({ requestId, foundBy: kind, mails: [{ id: effects.mail, requestId }] })
  expect((await muster(api, ['trace', effects.mail])).stdout).toMatch(/The id is of a mail; its request:\nrequest /)
  expect((await muster(api, ['mail', 'show', effects.mail])).stdout).toMatch(new RegExp(`requestId +${requestId}`))
})

test('the id of what no request caused names the command that shows it', async () => {
  const failed = { queue: 'audit', name: 'chain-audit', payload: '{}', failed_at: new Date(), error: 'of no cause' }
  const id = newId()
  await api.db
    .insertInto('outbox')
    .values({ id, request_id: null, ...failed })
    .execute()
  const [job, user] = await Promise.all([id, ann.userId].map((one) => muster(api, ['trace', one])))
  expect([job?.code, job?.stderr]).toEqual([1, expect.stringMatching(/id of a job.*`muster queues failed audit`/)])
  expect([user?.code, user?.stderr]).toEqual([1, expect.stringContaining(`muster users show ${ann.userId}`)])
  await api.db.deleteFrom('outbox').where('id', '=', id).execute()
})

test('what is no id of a request is refused with the reason, and an unknown one is told apart', async () => {
  const future = idOfTime(new Date(Date.now() + 3 * 86_400_000))
  const refused: [string, RegExp][] = [
    ['mine-1', /not the id of a request.*clientRequestId/s],
    ['6f1a6ed1-7e1c-4c39-8c3b-0b6b1f0a9a11', /no id that Muster made.*version 7/],
    [`${requestId} ${future}`, /several ids/],
    [future, /still to come/],
  ]
  const runs = await Promise.all(refused.map(([id]) => muster(api, ['trace', id])))
  for (const [index, { code, stderr, stdout }] of runs.entries())
    expect([code, stderr, stdout]).toEqual([2, expect.stringMatching(refused[index]?.[1] as RegExp), ''])
  const old = idOfTime(new Date(Date.now() - 40 * 86_400_000))
  const [unknown, usage] = await Promise.all([muster(api, ['trace', old]), muster(api, ['trace'])])
  expect([unknown.code, usage.code]).toEqual([1, 2])
  expect(unknown.stdout).toContain('Nothing is there.')
  expect(unknown.stdout).toMatch(/mails +gone since .*30 days \(RETENTION_MAILS_DAYS\)/)
  expect(unknown.stdout).toMatch(/notifications +2.*90 days/)
})

test('a failed job has its reason, without secrets of its payload; without Redis it is listed too', async () => {
  const failed = idOfTime(new Date())
  const payload = JSON.stringify({ attachmentId: newId(), token: 'S3cret', inner: { code: 'S3cret' } })
  const row = { queue: 'image', name: 'optimize-image', payload, failed_at: new Date(), error: 'no image' }
  await api.db
    .insertInto('outbox')
    .values({ id: newId(), request_id: failed, ...row })
    .execute()
  const run = (more: object) => muster(api, ['trace', failed, '--json'], more)
  const [whole, alone] = await Promise.all([run({}), run({ env: { REDIS_URL: 'redis://127.0.0.1:1' } })])
  for (const { code, stdout } of [whole, alone]) {
    expect([code, stdout]).toEqual([0, expect.not.stringContaining('S3cret')])
    expect(JSON.parse(stdout).jobs).toMatchObject([{ state: 'failed', reason: 'no image', isInOutbox: true }])
  }
  expect([whole, alone].map(({ stdout }) => JSON.parse(stdout).isWhole)).toEqual([true, false])
})

test('completed jobs and chained events are found when outbox and audit queue are empty', async () => {
  const { redis } = api.deps.config
  const deps = { db: api.db, redisSettings: redis, log: api.deps.log, publisher: api.deps.publisher }
  const worker = startWorker({ queue: 'email', handlers: [handle(sendEmail, async () => {})], deps, concurrency: 1 })
  await eventually(async () => expect(await jobsOf(requestId)).toMatchObject([{ state: 'completed' }]))
  await worker.close()
  const [chained = ''] = await chainEvents(api, 3, { action: 'chained.event' })
  await api.db.updateTable('audit_personal').set({ request_id: requestId }).where('event_id', '=', chained).execute()
  const shown = await trace(requestId)
  // The row of a completed job is gone: BullMQ alone knows its request.
  expect(await trace(shown.jobs[0].id)).toMatchObject({ requestId, foundBy: 'job' })
  expect(shown.jobs).toMatchObject([{ name: 'send-email', state: 'completed', isInOutbox: false, attempts: 1 }])
  expect(shown.auditEvents).toMatchObject([{ id: chained, action: 'chained.event', seq: 1 }, { seq: null }])
})
