import { newId } from '@muster/db'
import { optimizeImage, sendEmail } from '@muster/jobs/definitions'
import { parseRedisUrl } from '@muster/redis'
import { eventually, manualClock, rowsRead } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser, untilRevocationsAreFresh } from '../../testing/test-app.ts'
import { codeOf } from '../sign-in/testing/sign-in-fixtures.ts'
import { sampleMinute } from './minute-samples.ts'
import { forecast } from './queue-forecast.ts'
import { keepPauses } from './queue-pauses.service.ts'
import { base, eventsOf, tally } from './testing/admin-fixtures.ts'

const clock = manualClock(new Date('2026-06-01T12:00:30Z'))
let api: TestApp
let admin: TestUser
let operator: TestUser

beforeAll(async () => {
  api = await buildTestApp({ clock })
  admin = await api.signUp({ role: 'site_admin' })
  operator = await api.signUp({ role: 'operator' })
})
afterAll(() => api.close())
beforeEach(async () => {
  await untilRevocationsAreFresh(api)
  await api.db.deleteFrom('outbox').execute()
})

const queueUrl = (name: string) => `${base}/queues/${name}`
const note = 'The mail server is back'

/** Writes failed jobs as a worker leaves them. */
async function failed(rows: readonly { error: string | null; queue?: string; name?: string; payload?: object }[]) {
  const ids = rows.map(() => newId())
  await api.db
    .insertInto('outbox')
    .values(
      rows.map(({ error, queue = 'email', name = sendEmail.name, payload = { emailId: newId() } }, index) => ({
        ...{ id: ids[index] as string, queue, name, error, payload: JSON.stringify(payload) },
        failed_at: new Date(),
      })),
    )
    .execute()
  return ids
}
/** Reads the groups once all jobs are counted, which takes longer than one answer on a busy machine. */
const failures = () =>
  eventually(async () => {
    const { data } = (await operator.inject('GET', `${queueUrl('email')}/failures`)).json()
    expect(data.isComplete).toBe(true)
    return data
  })
const change = (verb: 'retry' | 'discard', body: object, by = admin) =>
  by.inject('POST', `${queueUrl('email')}/failed/${verb}`, body)
const pendingRows = () => api.db.selectFrom('outbox').selectAll().where('failed_at', 'is', null).execute()

test('failed jobs are grouped by reason without ids, addresses and long numbers, and listed by it', async () => {
  const refused = (id: string) => `550 5.1.1 <${id}@example.test>: unknown, request ${newId()}, after 123456 ms`
  const [first, second] = await failed([
    { error: refused('ann') },
    { error: refused('bob') },
    { error: 'connect ECONNREFUSED' },
    { error: null },
    { error: 'of no use', name: 'gone-by-now' },
    { error: 'another queue', queue: 'image' },
  ])
  const { groups, ...counts } = await failures()
  expect(counts).toMatchObject({ counted: 5, total: 5, others: 0, isComplete: true })
  const reason = '550 5.1.1 <…>: unknown, request …, after … ms'
  expect(groups[0]).toMatchObject({ jobName: 'send-email', reason, count: 2, canRetry: true })
  expect(groups).toContainEqual(expect.objectContaining({ jobName: 'gone-by-now', canRetry: false }))
  expect(groups).toContainEqual(expect.objectContaining({ reason: '', count: 1 }))
  const listed = await operator.inject(
    'GET',
    `${queueUrl('email')}/failed?reason=${encodeURIComponent(reason)}&limit=1`,
  )
  expect(listed.json()).toMatchObject({ data: { jobs: [{ id: second }] }, pagination: { nextCursor: second } })
  const { jobs } = (
    await operator.inject('GET', `${queueUrl('email')}/failed?reason=${encodeURIComponent(reason)}&cursor=${second}`)
  ).json().data
  expect(jobs).toMatchObject([{ id: first }])
})

test('a payload is shown without secrets, and one of 1 MB is left out', async () => {
  await failed([
    { error: 'a', payload: { emailId: newId(), token: 'hidden', code: '123456' } },
    { error: 'b', payload: { large: Array.from({ length: 20_000 }, () => newId()) } },
  ])
  const answer = await operator.inject('GET', `${queueUrl('email')}/failed`)
  expect(answer.json().data.jobs).toMatchObject([
    { payload: null, isPayloadCut: true },
    { payload: { token: '[redacted]', code: '[redacted]' }, isPayloadCut: false },
  ])
  expect(answer.body.length).toBeLessThan(5_000)
})

test('jobs of a reason are retried part by part, each part once in the audit log, and others stay', async () => {
  const ids = await failed([
    ...Array.from({ length: 5 }, () => ({ error: 'connect ECONNREFUSED' })),
    { error: 'connect ECONNREFUSED', payload: { of: 'another release' } },
    { error: 'of no use' },
  ])
  const filter = { reason: 'connect ECONNREFUSED' }
  expect((await change('retry', { ...filter, dryRun: true })).json().data).toMatchObject({ done: 0, remaining: 6 })
  expect(await pendingRows()).toEqual([])
  const parts = []
  for (let cursor: string | undefined; ; ) {
    const { data } = (await change('retry', { ...filter, note, limit: 4, ...(cursor && { cursor }) })).json()
    parts.push([data.done, data.skipped, data.remaining])
    cursor = data.nextCursor ?? undefined
    if (!cursor) break
  }
  expect(parts).toEqual([
    [4, 0, 2],
    [1, 1, 0],
  ])
  const rows = await pendingRows()
  expect(rows).toHaveLength(5)
  expect(rows.map(({ id }) => id)).not.toContain(ids[0])
  expect(
    (await failures()).groups.map(({ reason, count }: { reason: string; count: number }) => [reason, count]),
  ).toEqual(
    expect.arrayContaining([
      ['connect ECONNREFUSED', 1],
      ['of no use', 1],
    ]),
  )
  const events = await eventsOf(api, 'jobs.retried', 'email')
  expect(events).toMatchObject([
    { actor_id: admin.userId, before: filter, after: { note, count: 4, firstJobId: ids[0], lastJobId: ids[3] } },
    { after: { count: 1 } },
  ])
  // One of several: nobody knows from the log which ids between the first and the last were among them.
  const late = await admin.inject('POST', `/api/v1/admin/queues/email/failed/${ids[1]}/retry`)
  expect([late.statusCode, late.json().message]).toEqual([409, expect.stringMatching(/retried or discarded together/)])
  expect(late.json().error.details).toMatchObject([{ code: 'DONE_ALREADY', params: { what: 'retriedOrDiscarded' } }])
  expect((await change('discard', { note })).json().data).toEqual({
    done: 2,
    skipped: 0,
    remaining: 0,
    nextCursor: null,
  })
  expect(await eventsOf(api, 'jobs.discarded', 'email')).toMatchObject([{ after: { note, count: 2 } }])
})

test('jobs that two operators retry at once run again once', async () => {
  await failed(Array.from({ length: 30 }, () => ({ error: 'connect ECONNREFUSED' })))
  const answers = await Promise.all(Array.from({ length: 6 }, () => change('retry', { note, limit: 30 })))
  expect(answers.reduce((sum, answer) => sum + answer.json().data.done, 0)).toBe(30)
  expect(await pendingRows()).toHaveLength(30)
})

test('the first page of failed jobs and a retry of a rare reason read few of many rows', async () => {
  await sql`
    insert into outbox (id, queue, name, payload, error, failed_at)
    select gen_random_uuid(), case when n % 2 = 0 then 'email' else 'image' end, 'send-email', '{}', 'reason ' || n % 100, now()
    from generate_series(1, 4000) n`.execute(api.db)
  await failed([{ error: 'rare' }])
  await sql`analyze outbox`.execute(api.db)
  const read = async (work: () => Promise<unknown>) => {
    const { inSequence, byIndex } = await rowsRead(api.deps.db, 'outbox', work)
    return inSequence + byIndex
  }
  const list = (query: string) => operator.inject('GET', `${queueUrl('email')}/failed?limit=10${query}`)
  // The publisher reads some rows beside them.
  const few = 500
  expect(await read(() => list(''))).toBeLessThan(few)
  expect(await read(() => list('&jobName=send-email&reason=rare'))).toBeLessThan(few)
  for (const reason of ['rare', 'none']) expect(await read(() => list(`&reason=${reason}`))).toBeLessThan(few)
  expect(await read(() => operator.inject('GET', `${queueUrl('email')}/series`))).toBeLessThan(few)
  expect(await read(() => change('discard', { jobName: 'send-email', reason: 'rare', note, limit: 10 }))).toBeLessThan(
    few,
  )
})

test('a change needs a note, a known queue and job, and the right to it', async () => {
  const unknownJob = await change('retry', { jobName: 'gone-by-now', note })
  expect([codeOf(unknownJob), unknownJob.statusCode]).toEqual(['CONFLICT', 409])
  for (const body of [{}, { note: ' ' }, { note, limit: 0 }, { note, limit: 100_000 }, { note, cursor: 'x' }])
    expect([body, codeOf(await change('discard', body))]).toEqual([body, 'VALIDATION_FAILED'])
  expect((await change('retry', { dryRun: true }, operator)).statusCode).toBe(403)
  expect((await operator.inject('POST', `${queueUrl('email')}/pause`, { note })).statusCode).toBe(403)
  expect(codeOf(await admin.inject('POST', `${queueUrl('video')}/pause`, { note }))).toBe('VALIDATION_FAILED')
})

test('one of several operators pauses a queue, which shows who and why until it is resumed, also after Redis has lost its data', async () => {
  const act = (verb: string) =>
    admin.inject('POST', `${queueUrl('image')}/${verb}`, { note: `${verb} for maintenance` })
  const image = async () =>
    (await operator.inject('GET', `${base}/queues`))
      .json()
      .data.queues.find((one: { name: string }) => one.name === 'image')
  expect(tally(await Promise.all(Array.from({ length: 5 }, () => act('pause'))))).toEqual({ 200: 1, 409: 4 })
  const { name } = await api.db
    .selectFrom('users')
    .select('name')
    .where('id', '=', admin.userId)
    .executeTakeFirstOrThrow()
  const pause = { by: { id: admin.userId, name }, note: 'pause for maintenance' }
  expect(await image()).toMatchObject({ paused: true, pause })
  await api.deps.transact(async ({ enqueue }) => enqueue(optimizeImage, { attachmentId: newId() }))
  await eventually(async () => expect(await image()).toMatchObject({ waiting: 1 }))
  await api.redis.flushdb()
  expect(await image()).toMatchObject({ paused: false, pause })
  await keepPauses(api.deps)
  expect(await image()).toMatchObject({ paused: true, pause })
  expect(tally(await Promise.all(Array.from({ length: 5 }, () => act('resume'))))).toEqual({ 200: 1, 409: 4 })
  expect(await image()).toMatchObject({ paused: false, pause: null })
  expect(await eventsOf(api, 'queue.paused', 'image')).toMatchObject([
    { actor_id: admin.userId, after: { note: pause.note } },
  ])
  expect(await eventsOf(api, 'queue.resumed', 'image')).toMatchObject([{ before: { note: pause.note } }])
})

test('the status tells processes, queues and what is late, and the examination names no secret', async () => {
  const read = async () => (await operator.inject('GET', `${base}/status`)).json().data.status
  expect(await read()).toMatchObject({ failedSince: null })
  const [first, last] = await failed([{ error: 'connect ECONNREFUSED' }, { error: 'connect ECONNREFUSED' }])
  const since = new Date('2026-05-31T23:00:00Z')
  await api.db
    .updateTable('outbox')
    .set({ failed_at: since })
    .where('id', '=', first as string)
    .execute()
  const status = await read()
  await api.db
    .deleteFrom('outbox')
    .where('id', '=', last as string)
    .execute()
  expect(status).toMatchObject({
    failedSince: since.toISOString(),
    health: { status: 'healthy' },
    auditLagMs: expect.any(Number),
    unknown: [],
  })
  expect(status.queues).toContainEqual(
    expect.objectContaining({ name: 'email', failed: 2, isPaused: false, active: 0 }),
  )
  const answer = await operator.inject('POST', `${base}/doctor`)
  const { report } = answer.json().data
  expect(report.checks.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['postgres', 'redis']))
  expect(report.lines.join('\n')).toContain('postgres')
  const { database, keys } = api.deps.config
  const secrets = [
    new URL(database.url).password,
    ...[...keys.encryption.keys.values()].map((key) => key.toString('base64')),
  ]
  for (const secret of secrets.filter(Boolean)) expect(answer.body).not.toContain(secret)
  expect(await eventsOf(api, 'admin.doctor_run')).toMatchObject([{ actor_id: operator.userId }])
})

test('a minute is sampled once, by the first process that comes to it, kept for seven days, and read in spans with gaps', async () => {
  const series = async (query = '') => (await operator.inject('GET', `${queueUrl('email')}/series${query}`)).json().data
  const enqueueSome = (count: number) =>
    api.deps.transact(async ({ enqueue }) => {
      for (let index = 0; index < count; index++) enqueue(sendEmail, { emailId: newId() })
    })
  clock.set(new Date('2026-06-01T12:10:02Z'))
  expect((await Promise.all([1, 2, 3].map(() => sampleMinute(api.deps)))).filter(Boolean)).toHaveLength(1)
  await enqueueSome(3)
  clock.set(new Date('2026-06-01T12:11:02Z'))
  expect(await sampleMinute(api.deps)).toBe(true)
  expect(await sampleMinute(api.deps)).toBe(false)
  // The minutes in between have no samples: no API ran.
  clock.set(new Date('2026-06-01T12:14:02Z'))
  await sampleMinute(api.deps)
  const { samples, stepMinutes, forecast: clear } = await series('?from=2026-06-01T12:09:00Z&to=2026-06-01T12:14:00Z')
  expect(stepMinutes).toBe(1)
  expect(
    samples.map(({ at, waiting, added }: Record<string, unknown>) => [String(at).slice(11, 16), waiting, added]),
  ).toEqual([
    ['12:09', 0, null],
    ['12:10', 3, 3],
    ['12:11', null, null],
    ['12:12', null, null],
    ['12:13', 3, null],
  ])
  expect(clear).toBeNull()
  expect(await series('?from=2026-05-26T12:00:00Z&to=2026-06-01T12:30:00Z')).toMatchObject({ stepMinutes: 30 })
  for (const query of [
    '?from=2026-06-01T12:00:00Z&to=2026-05-01T12:00:00Z',
    '?from=2026-01-01T00:00:00Z&to=2026-06-01T12:30:00Z',
  ])
    expect(codeOf(await operator.inject('GET', `${queueUrl('email')}/series${query}`))).toBe('VALIDATION_FAILED')
  clock.set(new Date('2026-06-08T12:12:02Z'))
  await sampleMinute(api.deps)
  const { first } = await api.db
    .selectFrom('minute_samples')
    .select((eb) => eb.fn.min('minute').as('first'))
    .executeTakeFirstOrThrow()
  expect(first).toEqual(new Date('2026-06-01T12:13:00Z'))
})

test('a forecast follows from the measured rates, and says when a queue does not get shorter', () => {
  const now = new Date('2026-06-01T12:00:00Z')
  const sample = { at: now, waiting: 100, active: 1, delayed: 0, oldest_ms: 1, failed: 0 }
  const samples = Array.from({ length: 5 }, () => ({ ...sample, added: 10, completed: 20 }))
  const given = { samples, backlog: 600, workers: 2, now }
  expect(forecast(given)).toMatchObject({
    ...{ measuredMinutes: 5, addedPerMinute: 10, completedPerMinute: 20, clearsAt: '2026-06-01T13:00:00.000Z' },
    options: expect.arrayContaining([{ moreWorkers: 2, clearsAt: '2026-06-01T12:20:00.000Z' }]),
  })
  const growing = samples.map((one) => ({ ...one, added: 40 }))
  expect(forecast({ ...given, samples: growing })).toMatchObject({
    clearsAt: null,
    options: expect.arrayContaining([
      { moreWorkers: 2, clearsAt: null },
      { moreWorkers: 4, clearsAt: '2026-06-01T12:30:00.000Z' },
    ]),
  })
  expect(forecast({ ...given, workers: 0 })?.options).toEqual([])
  expect(forecast({ ...given, samples: samples.slice(3) })).toBeNull()
})

test('without Redis the status and the samples say what they cannot know, and a queue cannot be paused', async () => {
  const alone = await buildTestApp({ clock, config: { redis: parseRedisUrl('redis://127.0.0.1:1') } })
  const by = await alone.signUp({ role: 'super_admin' })
  const row = { id: newId(), queue: 'email', name: 'send-email', payload: JSON.stringify({ emailId: newId() }) }
  await alone.db.insertInto('outbox').values(row).execute()
  const { status } = (await by.inject('GET', `${base}/status`)).json().data
  expect(status).toMatchObject({
    health: { status: 'degraded', checks: { redis: { status: 'down' } } },
    processes: null,
  })
  expect(status.queues[0]).toMatchObject({ name: 'email', waiting: 1, active: null, isPaused: null })
  expect(status.unknown.map(({ part }: { part: string }) => part).toSorted()).toEqual(['processes', 'queues'])
  await sampleMinute(alone.deps)
  expect((await by.inject('GET', `${queueUrl('email')}/series`)).json().data.samples.at(-1)).toMatchObject({
    ...{ waiting: 1, active: null, delayed: null, added: null, completed: null, failed: 0 },
  })
  expect(codeOf(await by.inject('POST', `${queueUrl('email')}/pause`, { note }))).toBe('DEPENDENCY_UNAVAILABLE')
  expect(await alone.db.selectFrom('queue_pauses').selectAll().execute()).toEqual([])
  await alone.close()
})
