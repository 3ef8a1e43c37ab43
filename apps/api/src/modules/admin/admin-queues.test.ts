import { newId } from '@muster/db'
import { isRowId } from '@muster/jobs/admin'
import { allJobs, optimizeImage, sweepOrphans } from '@muster/jobs/definitions'
import { handle, PermanentError, type RunningWorker, startWorker } from '@muster/jobs/worker'
import { parseRedisUrl } from '@muster/redis'
import { eventually } from '@muster/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser, untilRevocationsAreFresh } from '../../testing/test-app.ts'
import { codeOf } from '../sign-in/testing/sign-in-fixtures.ts'
import { base, clientRoles, eventsOf, oneOfEach, tally, unknownId } from './testing/admin-fixtures.ts'

let api: TestApp
let admin: TestUser
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
beforeEach(() => untilRevocationsAreFresh(api))

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

/** Starts a worker of the image queue whose jobs run the test's function. */
function work(run: (subject: string) => Promise<void> | void) {
  const handlers = allJobs
    .filter(({ queue }) => queue === 'image')
    .map((job) => handle(job, async (payload) => run((payload as { attachmentId?: string }).attachmentId ?? job.name)))
  const deps = { db: api.db, redisSettings: api.deps.config.redis, log: api.deps.log, publisher: api.deps.publisher }
  const worker = startWorker({ queue: 'image', handlers, deps, concurrency: 4 })
  workers.push(worker)
  return worker
}

const enqueueJob = (attachmentId = newId()) =>
  api.deps.transact(async ({ enqueue }) => ({ jobId: enqueue(optimizeImage, { attachmentId }), attachmentId }))

const untilFailed = (id: string) =>
  eventually(async () => {
    expect((await rowOf(id))?.failed_at).toBeInstanceOf(Date)
    expect(await (await (await imageQueue()).getJob(id))?.isFailed()).toBe(true)
  })

/** Enqueues a job that fails for good, and closes its worker. */
async function failedJob() {
  const enqueued = await enqueueJob()
  const worker = work(() => {
    throw new PermanentError('the picture is of no use')
  })
  await untilFailed(enqueued.jobId)
  await worker.close()
  return enqueued
}

/** Makes a daily sweep fail, a job without an outbox row. */
async function failedSweep(): Promise<string> {
  const { id } = await (await imageQueue()).add(sweepOrphans.name, {}, { jobId: `sweep-${newId().slice(-12)}` })
  const worker = work(() => {
    throw new PermanentError('the disk is unavailable')
  })
  await eventually(async () => expect(await (await (await imageQueue()).getJob(id as string))?.isFailed()).toBe(true))
  await worker.close()
  return id as string
}

test('platform roles read queues, only administrators retry and discard, client roles get 403', async () => {
  const users = await oneOfEach(api)
  const ask = async (by: TestUser) => [
    (await by.inject('GET', `${base}/queues`)).statusCode,
    (await by.inject('GET', failedUrl)).statusCode,
    (await retry(unknownId, by)).statusCode,
    (await discard(unknownId, by)).statusCode,
  ]
  for (const role of ['super_admin', 'site_admin'] as const)
    expect(await ask(users[role])).toEqual([200, 200, 404, 404])
  expect(await ask(users.operator)).toEqual([200, 200, 403, 403])
  for (const role of clientRoles) expect(await ask(users[role])).toEqual([403, 403, 403, 403])
})

test('the counts show waiting, delayed, failed and completed jobs and the outbox', async () => {
  const { jobId } = await failedJob()
  const before = await countsOf('image')
  expect(before).toMatchObject({ failed: 1, paused: false, oldestWaitingMs: 0 })
  await enqueueJob()
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
      { id: jobs[0], name: 'optimize-image', reason: 'the picture is of no use', isOwed: true, requestId: null },
      { id: jobs[1] },
    ])
    const second = (await admin.inject('GET', `${failedUrl}?limit=2&cursor=${first.pagination.nextCursor}`)).json()
    expect(second).toMatchObject({ data: { jobs: [{ id: jobs[2] }] }, pagination: { nextCursor: null } })
  })

  test('is retried once by twenty requests at once, and its audit event names the new job', async () => {
    const { jobId, attachmentId } = await failedJob()
    const answers = await Promise.all(Array.from({ length: 20 }, () => retry(jobId)))
    expect(tally(answers)).toEqual({ 200: 1, 409: 19 })
    const retriedAs = answers.find(({ statusCode }) => statusCode === 200)?.json().data.jobId
    const runs: string[] = []
    work((subject) => void runs.push(subject))
    await eventually(async () => expect(await rowOf(retriedAs)).toBeUndefined())
    await eventually(async () => expect(await countsOf('image')).toMatchObject({ waiting: 0, active: 0, failed: 0 }))
    expect(runs).toEqual([attachmentId])
    expect(await failedIds()).not.toContain(jobId)
    // The entry in BullMQ is removed too.
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

  test('can be retried again when the retry failed too', async () => {
    const { jobId } = await failedJob()
    const retriedAs = (await retry(jobId)).json().data.jobId
    work(() => {
      throw new PermanentError('still of no use')
    })
    await untilFailed(retriedAs)
    expect((await admin.inject('GET', failedUrl)).json().data.jobs).toMatchObject([
      { id: retriedAs, reason: 'still of no use' },
    ])
    const again = await retry(jobId)
    expect([again.statusCode, again.json().message]).toEqual([409, expect.stringMatching(/was retried already/)])
    expect(again.json().error.details).toMatchObject([{ code: 'DONE_ALREADY', params: { what: 'retried' } }])
    expect((await retry(retriedAs)).statusCode).toBe(200)
  })

  test('is discarded once by twenty requests at once, and is gone from outbox and queue', async () => {
    const { jobId, attachmentId } = await failedJob()
    const answers = await Promise.all(Array.from({ length: 20 }, () => discard(jobId)))
    expect(tally(answers)).toEqual({ 200: 1, 409: 19 })
    expect(await rowOf(jobId)).toBeUndefined()
    expect(await (await imageQueue()).getJob(jobId)).toBeUndefined()
    expect(await eventsOf(api, 'job.discarded', jobId)).toMatchObject([
      { actor_id: admin.userId, before: { payload: { attachmentId } } },
    ])
    const again = await retry(jobId)
    expect([again.statusCode, again.json().message]).toEqual([409, expect.stringMatching(/was discarded already/)])
    expect(again.json().error.details).toMatchObject([{ code: 'DONE_ALREADY', params: { what: 'discarded' } }])
  })

  test('is either retried or discarded by requests for both at once', async () => {
    for (let round = 0; round < 5; round++) {
      const { jobId } = await failedJob()
      const retries = await Promise.all(Array.from({ length: 10 }, () => [retry(jobId), discard(jobId)]).flat())
      expect(tally(retries)).toEqual({ 200: 1, 409: 19 })
      const events = [...(await eventsOf(api, 'job.retried', jobId)), ...(await eventsOf(api, 'job.discarded', jobId))]
      expect(events).toHaveLength(1)
    }
    work(() => {})
    await eventually(async () => expect(await countsOf('image')).toMatchObject({ waiting: 0, active: 0 }))
  })

  test('cannot be retried when this release does not know its name or payload, only discarded', async () => {
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

  test('cannot be retried or discarded before it has failed, or through another queue', async () => {
    const pending = await enqueueJob()
    expect([(await retry(pending.jobId)).statusCode, (await discard(pending.jobId)).statusCode]).toEqual([404, 404])
    expect(await rowOf(pending.jobId)).toBeDefined()
    work(() => {})
    await eventually(async () => expect(await rowOf(pending.jobId)).toBeUndefined())
    await workers.splice(0)[0]?.close()
    const { jobId } = await failedJob()
    expect((await admin.inject('DELETE', `${base}/queues/email/failed/${jobId}`)).statusCode).toBe(404)
    expect((await discard(jobId)).statusCode).toBe(200)
  })

  test('can be retried after Redis has lost its data', async () => {
    const { jobId, attachmentId } = await failedJob()
    await api.redis.flushdb()
    expect(await failedIds()).toEqual([jobId])
    expect((await retry(jobId)).statusCode).toBe(200)
    const runs: string[] = []
    work((subject) => void runs.push(subject))
    await eventually(() => expect(runs).toEqual([attachmentId]))
  })
})

describe('a scheduled run that failed', () => {
  /** A late request gets 409 once the audit event of the first one is committed, and 404 before. */
  const assertDoneOnce = (answers: Parameters<typeof tally>[0]) => {
    const { 200: done, 404: missing = 0, 409: late = 0, ...others } = tally(answers) as Record<number, number>
    expect({ done, others: missing + late, unexpected: others }).toEqual({ done: 1, others: 9, unexpected: {} })
  }

  test('is listed without an outbox row and retried once by ten requests at once', async () => {
    const id = await failedSweep()
    expect(isRowId(id)).toBe(false)
    expect((await admin.inject('GET', failedUrl)).json().data.jobs).toMatchObject([
      { id, name: 'sweep-orphans', reason: 'the disk is unavailable', isOwed: false },
    ])
    expect((await countsOf('image')).failed).toBe(1)
    const answers = await Promise.all(Array.from({ length: 10 }, () => retry(id)))
    assertDoneOnce(answers)
    const runs: string[] = []
    work((subject) => void runs.push(subject))
    await eventually(() => expect(runs).toEqual(['sweep-orphans']))
    expect(await eventsOf(api, 'job.retried', id)).toHaveLength(1)
    expect(await failedIds()).toEqual([])
  })

  test('is discarded once by ten requests at once', async () => {
    const id = await failedSweep()
    assertDoneOnce(await Promise.all(Array.from({ length: 10 }, () => discard(id))))
    expect(await failedIds()).toEqual([])
    expect(await eventsOf(api, 'job.discarded', id)).toMatchObject([
      { before: { queue: 'image', name: 'sweep-orphans' } },
    ])
  })
})

test('without Redis jobs of the outbox are listed, retried and discarded, and counts get 503', async () => {
  const alone = await buildTestApp({ config: { redis: parseRedisUrl('redis://127.0.0.1:1') } })
  const operator = await alone.signUp({ role: 'super_admin' })
  const row = { queue: 'image', name: 'optimize-image', failed_at: new Date(), error: 'of no use' }
  const [first, second] = [newId(), newId()]
  const payload = JSON.stringify({ attachmentId: newId() })
  await alone.db
    .insertInto('outbox')
    .values([first, second].map((id) => ({ ...row, id, payload })))
    .execute()
  // Does not wait for Redis to come back.
  const counts = await operator.inject('GET', `${base}/queues`)
  expect([counts.statusCode, codeOf(counts), counts.headers['retry-after']]).toEqual([
    503,
    'DEPENDENCY_UNAVAILABLE',
    '2',
  ])
  const listed = (await operator.inject('GET', failedUrl)).json()
  expect(listed.message).toContain('Redis is unavailable')
  expect(listed.data.jobs.map(({ id }: { id: string }) => id)).toEqual([second, first])
  const retriedAs = (await retry(first, operator)).json().data.jobId
  expect((await discard(second, operator)).statusCode).toBe(200)
  expect(await alone.db.selectFrom('outbox').select(['id', 'failed_at']).execute()).toEqual([
    { id: retriedAs, failed_at: null },
  ])
  expect(codeOf(await retry('sweep-1', operator))).toBe('DEPENDENCY_UNAVAILABLE')
  await alone.close()
})

test('an unknown queue and an invalid cursor, limit or parameter are refused', async () => {
  for (const url of [
    `${base}/queues/video/failed`,
    `${failedUrl}?cursor=x`,
    `${failedUrl}?limit=0`,
    `${failedUrl}?page=1`,
  ])
    expect([url, codeOf(await admin.inject('GET', url))]).toEqual([url, 'VALIDATION_FAILED'])
})
