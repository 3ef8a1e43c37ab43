import { newId } from '@muster/db'
import { isRowId } from '@muster/jobs/admin'
import { allJobs, optimizeImage, sweepOrphans } from '@muster/jobs/definitions'
import { handle, PermanentError, type RunningWorker, startWorker } from '@muster/jobs/worker'
import { eventually } from '@muster/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestPerson } from '../../testing/api.ts'
import { codeOf } from '../sign-in/testing/sign-in-fixtures.ts'
import { base, clientRoles, eventsOf, nobodyId, oneOfEach, tally } from './testing/admin-fixtures.ts'

let api: TestApp
let admin: TestPerson
const workers: RunningWorker[] = []

beforeAll(async () => {
  api = await buildTestApp()
  admin = await api.signUp({ role: 'site_admin' })
})
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close()))
  await api.db.deleteFrom('outbox').execute()
  await api.redis.flushdb()
})
afterAll(() => api.close())
// On a busy machine nobody is let in for a moment.
beforeEach(() => eventually(() => expect(api.deps.revocations.isFresh()).toBe(true)))

const failedUrl = `${base}/queues/image/failed`
const jobUrl = (id: string) => `${failedUrl}/${encodeURIComponent(id)}`
const retry = (id: string, by = admin) => by.inject('POST', `${jobUrl(id)}/retry`)
const discard = (id: string, by = admin) => by.inject('DELETE', jobUrl(id))
const failedIds = async (by = admin): Promise<string[]> =>
  (await by.inject('GET', failedUrl)).json().data.jobs.map(({ id }: { id: string }) => id)
const countsOf = async (name: string) =>
  (await admin.inject('GET', `${base}/queues`))
    .json()
    .data.queues.find((queue: { name: string }) => queue.name === name)
const rowOf = (id: string) => api.db.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirst()
const imageQueue = async () => {
  const queue = (await api.deps.queueMonitor.queues()).get('image')
  if (!queue) throw new Error('There is no image queue.')
  return queue
}

/** A worker of the image queue to which the test says what its jobs do. */
function work(run: (subject: string) => Promise<void> | void) {
  const handlers = allJobs
    .filter(({ queue }) => queue === 'image')
    .map((job) => handle(job, async (payload) => run((payload as { attachmentId?: string }).attachmentId ?? job.name)))
  const deps = { db: api.db, redisUrl: api.deps.config.redisUrl, log: api.deps.log, publisher: api.deps.publisher }
  const worker = startWorker({ queue: 'image', handlers, deps, concurrency: 4 })
  workers.push(worker)
  return worker
}

const order = (attachmentId = newId()) =>
  api.deps.transact(async ({ enqueue }) => ({ jobId: enqueue(optimizeImage, { attachmentId }), attachmentId }))

const untilFailed = (id: string) =>
  eventually(async () => {
    expect((await rowOf(id))?.failed_at).toBeInstanceOf(Date)
    expect(await (await (await imageQueue()).getJob(id))?.isFailed()).toBe(true)
  })

/** A job that failed for good, and nobody who works any more. */
async function failedJob() {
  const ordered = await order()
  const worker = work(() => {
    throw new PermanentError('the picture is of no use')
  })
  await untilFailed(ordered.jobId)
  await worker.close()
  return ordered
}

/** A daily sweep that failed: a job of which only BullMQ knows. */
async function failedSweep(): Promise<string> {
  const { id } = await (await imageQueue()).add(sweepOrphans.name, {}, { jobId: `sweep-${newId().slice(-12)}` })
  const worker = work(() => {
    throw new PermanentError('the disk is away')
  })
  await eventually(async () => expect(await (await (await imageQueue()).getJob(id as string))?.isFailed()).toBe(true))
  await worker.close()
  return id as string
}

test('platform roles see queues, administrators alone retry and discard, others nothing', async () => {
  const people = await oneOfEach(api)
  const ask = async (by: TestPerson) => [
    (await by.inject('GET', `${base}/queues`)).statusCode,
    (await by.inject('GET', failedUrl)).statusCode,
    (await retry(nobodyId, by)).statusCode,
    (await discard(nobodyId, by)).statusCode,
  ]
  for (const role of ['super_admin', 'site_admin'] as const)
    expect(await ask(people[role])).toEqual([200, 200, 404, 404])
  expect(await ask(people.operator)).toEqual([200, 200, 403, 403])
  for (const role of clientRoles) expect(await ask(people[role])).toEqual([403, 403, 403, 403])
})

test('the counts tell what waits, what is put off, what failed and what was done', async () => {
  const { jobId } = await failedJob()
  const before = await countsOf('image')
  expect(before).toMatchObject({ failed: 1, paused: false, oldestWaitingMs: 0 })
  await order()
  await api.deps.transact(async ({ enqueue }) =>
    enqueue(optimizeImage, { attachmentId: newId() }, { runAt: new Date(Date.now() + 3_600_000) }),
  )
  await eventually(async () => expect(await countsOf('image')).toMatchObject({ waiting: 1, delayed: 1, active: 0 }))
  expect((await countsOf('image')).oldestWaitingMs).toBeGreaterThan(0)
  await (await imageQueue()).pause()
  expect((await countsOf('image')).paused).toBe(true)
  await (await imageQueue()).resume()
  work(() => {})
  await eventually(async () =>
    expect(await countsOf('image')).toMatchObject({ waiting: 0, completed: before.completed + 1, oldestWaitingMs: 0 }),
  )
  await eventually(async () => {
    const { outbox } = (await admin.inject('GET', `${base}/queues`)).json().data
    expect(outbox).toEqual({ pending: 0, oldestMs: 0 })
  })
  await discard(jobId)
  expect(await countsOf('image')).toMatchObject({ failed: 0 })
})

describe('a job that failed for good', () => {
  test('is listed with its reason, the newest first, page by page', async () => {
    const jobs = [await failedJob(), await failedJob(), await failedJob()].map(({ jobId }) => jobId).reverse()
    const first = (await admin.inject('GET', `${failedUrl}?limit=2`)).json()
    expect(first.data.jobs).toMatchObject([
      { id: jobs[0], name: 'optimize-image', reason: 'the picture is of no use', isOwed: true },
      { id: jobs[1] },
    ])
    const second = (await admin.inject('GET', `${failedUrl}?limit=2&cursor=${first.pagination.nextCursor}`)).json()
    expect(second).toMatchObject({ data: { jobs: [{ id: jobs[2] }] }, pagination: { nextCursor: null } })
  })

  test('retried by twenty at once runs again once, and its event names what it became', async () => {
    const { jobId, attachmentId } = await failedJob()
    const answers = await Promise.all(Array.from({ length: 20 }, () => retry(jobId)))
    expect(tally(answers)).toEqual({ 200: 1, 404: 19 })
    const retriedAs = answers.find(({ statusCode }) => statusCode === 200)?.json().data.jobId
    const runs: string[] = []
    work((subject) => void runs.push(subject))
    await eventually(async () => expect(await rowOf(retriedAs)).toBeUndefined())
    await eventually(async () => expect(await countsOf('image')).toMatchObject({ waiting: 0, active: 0, failed: 0 }))
    expect(runs).toEqual([attachmentId])
    expect(await failedIds()).not.toContain(jobId)
    // BullMQ forgets the failed one as well.
    expect(await (await imageQueue()).getJob(jobId)).toBeUndefined()
    expect(await eventsOf(api, 'job.retried', jobId)).toMatchObject([
      {
        actor_id: admin.userId,
        target_type: 'job',
        ip: '127.0.0.1',
        before: { queue: 'image', name: 'optimize-image', payload: { attachmentId } },
        after: { retriedAs },
      },
    ])
  })

  test('that fails again can be retried again', async () => {
    const { jobId } = await failedJob()
    const retriedAs = (await retry(jobId)).json().data.jobId
    work(() => {
      throw new PermanentError('still of no use')
    })
    await untilFailed(retriedAs)
    expect((await admin.inject('GET', failedUrl)).json().data.jobs).toMatchObject([
      { id: retriedAs, reason: 'still of no use' },
    ])
    expect((await retry(jobId)).statusCode).toBe(404)
    expect((await retry(retriedAs)).statusCode).toBe(200)
  })

  test('discarded is owed no more: it never runs, and is listed nowhere', async () => {
    const { jobId, attachmentId } = await failedJob()
    const answers = await Promise.all(Array.from({ length: 20 }, () => discard(jobId)))
    expect(tally(answers)).toEqual({ 200: 1, 404: 19 })
    expect(await rowOf(jobId)).toBeUndefined()
    expect(await (await imageQueue()).getJob(jobId)).toBeUndefined()
    expect(await eventsOf(api, 'job.discarded', jobId)).toMatchObject([
      { actor_id: admin.userId, before: { payload: { attachmentId } } },
    ])
    expect((await retry(jobId)).statusCode).toBe(404)
  })

  test('retried and discarded at once is one of the two', async () => {
    for (let round = 0; round < 5; round++) {
      const { jobId } = await failedJob()
      const retries = await Promise.all(Array.from({ length: 10 }, () => [retry(jobId), discard(jobId)]).flat())
      expect(tally(retries)).toEqual({ 200: 1, 404: 19 })
      const events = [...(await eventsOf(api, 'job.retried', jobId)), ...(await eventsOf(api, 'job.discarded', jobId))]
      expect(events).toHaveLength(1)
    }
    work(() => {})
    await eventually(async () => expect(await countsOf('image')).toMatchObject({ waiting: 0, active: 0 }))
  })

  test('that could never succeed is not run again, and stays to be discarded', async () => {
    const rows = [
      { id: newId(), name: 'optimize-image', payload: JSON.stringify({ attachmentId: 7 }) },
      { id: newId(), name: 'paint-image', payload: '{}' },
    ].map((row) => ({ ...row, queue: 'image', failed_at: new Date(), error: 'malformed' }))
    await api.db.insertInto('outbox').values(rows).execute()
    for (const { id } of rows) {
      expect(codeOf(await retry(id))).toBe('CONFLICT')
      expect(await failedIds()).toContain(id)
      expect(await eventsOf(api, 'job.retried', id)).toEqual([])
      expect((await discard(id)).statusCode).toBe(200)
    }
  })

  test('is not touched while it is owed, nor through another queue', async () => {
    const owed = await order()
    expect([(await retry(owed.jobId)).statusCode, (await discard(owed.jobId)).statusCode]).toEqual([404, 404])
    expect(await rowOf(owed.jobId)).toBeDefined()
    work(() => {})
    await eventually(async () => expect(await rowOf(owed.jobId)).toBeUndefined())
    await workers.splice(0)[0]?.close()
    const { jobId } = await failedJob()
    expect((await admin.inject('DELETE', `${base}/queues/email/failed/${jobId}`)).statusCode).toBe(404)
    expect((await discard(jobId)).statusCode).toBe(200)
  })

  test('is still there when Redis has lost its memory, and runs again all the same', async () => {
    const { jobId, attachmentId } = await failedJob()
    await api.redis.flushdb()
    expect(await failedIds()).toEqual([jobId])
    expect((await retry(jobId)).statusCode).toBe(200)
    const runs: string[] = []
    work((subject) => void runs.push(subject))
    await eventually(() => expect(runs).toEqual([attachmentId]), { timeoutMs: 10_000 })
  })
})

describe('a sweep that failed', () => {
  test('is listed as owed to nobody, and retried by ten at once runs once', async () => {
    const id = await failedSweep()
    expect(isRowId(id)).toBe(false)
    expect((await admin.inject('GET', failedUrl)).json().data.jobs).toMatchObject([
      { id, name: 'sweep-orphans', reason: 'the disk is away', isOwed: false },
    ])
    expect((await countsOf('image')).failed).toBe(1)
    const answers = await Promise.all(Array.from({ length: 10 }, () => retry(id)))
    expect(tally(answers)).toEqual({ 200: 1, 404: 9 })
    const runs: string[] = []
    work((subject) => void runs.push(subject))
    await eventually(() => expect(runs).toEqual(['sweep-orphans']))
    expect(await eventsOf(api, 'job.retried', id)).toHaveLength(1)
    expect(await failedIds()).toEqual([])
  })

  test('discarded by ten at once is forgotten once', async () => {
    const id = await failedSweep()
    expect(tally(await Promise.all(Array.from({ length: 10 }, () => discard(id))))).toEqual({ 200: 1, 404: 9 })
    expect(await failedIds()).toEqual([])
    expect(await eventsOf(api, 'job.discarded', id)).toMatchObject([
      { before: { queue: 'image', name: 'sweep-orphans' } },
    ])
  })
})

test('without Redis what is owed is listed, retried and discarded, and counts are not to be had', async () => {
  const alone = await buildTestApp({ config: { redisUrl: 'redis://127.0.0.1:1' } })
  const operator = await alone.signUp({ role: 'super_admin' })
  const row = { queue: 'image', name: 'optimize-image', failed_at: new Date(), error: 'of no use' }
  const [first, second] = [newId(), newId()]
  const payload = JSON.stringify({ attachmentId: newId() })
  await alone.db
    .insertInto('outbox')
    .values([first, second].map((id) => ({ ...row, id, payload })))
    .execute()
  const startedMs = performance.now()
  const counts = await operator.inject('GET', `${base}/queues`)
  expect(performance.now() - startedMs).toBeLessThan(1_000)
  expect([counts.statusCode, codeOf(counts), counts.headers['retry-after']]).toEqual([
    503,
    'DEPENDENCY_UNAVAILABLE',
    '2',
  ])
  const listed = (await operator.inject('GET', failedUrl)).json()
  expect(listed.message).toContain('Redis is away')
  expect(listed.data.jobs.map(({ id }: { id: string }) => id)).toEqual([second, first])
  const retriedAs = (await retry(first, operator)).json().data.jobId
  expect((await discard(second, operator)).statusCode).toBe(200)
  expect(await alone.db.selectFrom('outbox').select(['id', 'failed_at']).execute()).toEqual([
    { id: retriedAs, failed_at: null },
  ])
  expect(codeOf(await retry('sweep-1', operator))).toBe('DEPENDENCY_UNAVAILABLE')
  await alone.close()
})

test('a queue or a cursor that is none is refused by name', async () => {
  for (const url of [
    `${base}/queues/video/failed`,
    `${failedUrl}?cursor=x`,
    `${failedUrl}?limit=0`,
    `${failedUrl}?page=1`,
  ])
    expect([url, codeOf(await admin.inject('GET', url))]).toEqual([url, 'VALIDATION_FAILED'])
})
