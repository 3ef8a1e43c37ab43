import { newId } from '@muster/db'
import { type QueueLoad, readQueueLoads } from '@muster/jobs/admin'
import { allJobs, optimizeImage, type QueueName, sendEmail } from '@muster/jobs/definitions'
import { createTransact, noPublisher } from '@muster/jobs/outbox'
import { handle, startWorker } from '@muster/jobs/worker'
import { parseRedisUrl } from '@muster/redis'
import { type OpsServer, startOpsServer } from '@muster/telemetry'
import { eventually, type OwnRedis, startOwnRedis } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { queuesPage } from './queues-page.ts'
import { buildTestApp, type TestApp } from './testing/test-app.ts'

let redis: OwnRedis
let api: TestApp
let ops: OpsServer

beforeAll(async () => {
  redis = await startOwnRedis()
  api = await buildTestApp({ config: { redis: parseRedisUrl(redis.url), redisPatienceMs: 1_000 } })
  ops = await startOpsServer({
    host: '127.0.0.1',
    port: 0,
    obstacles: async () => [],
    pages: { '/queues': queuesPage(api.deps) },
  })
})
afterAll(async () => {
  await ops.close()
  await api.close()
  await redis.stop()
})
beforeEach(async () => {
  await api.db.deleteFrom('outbox').execute()
  await redis.client.flushall()
})

type Page = { at: string; unavailable: Record<string, string>; queues: Record<QueueName, QueueLoad> }
const get = () => fetch(`http://127.0.0.1:${ops.port}/queues`)
const readPage = async () => (await (await get()).json()) as Page
const until = (queue: QueueName, expected: Partial<QueueLoad>) =>
  eventually(async () => expect((await readPage()).queues[queue]).toMatchObject(expected), { intervalMs: 250 })

/** Enqueues jobs that no publisher is told about. */
const enqueueUnpublished = (count: number, runAt?: Date) =>
  createTransact({ db: api.db, publisher: noPublisher })(async ({ enqueue }) => {
    for (let index = 0; index < count; index++)
      enqueue(optimizeImage, { attachmentId: newId() }, runAt ? { runAt } : undefined)
  })
const enqueueImage = (runAt?: Date) =>
  api.deps.transact(async ({ enqueue }) =>
    enqueue(optimizeImage, { attachmentId: newId() }, runAt ? { runAt } : undefined),
  )

/** Starts a worker of the image queue whose jobs wait until `finish`. */
function startBlockedWorker() {
  const { promise, resolve } = Promise.withResolvers<void>()
  const handlers = allJobs.filter(({ queue }) => queue === 'image').map((job) => handle(job, () => promise))
  const deps = { db: api.db, redisSettings: parseRedisUrl(redis.url), log: api.deps.log, publisher: api.deps.publisher }
  const worker = startWorker({ queue: 'image', handlers, deps, concurrency: 2 })
  return { finish: resolve, close: () => worker.close() }
}

test('a job counts once from its commit until it is done', async () => {
  const readLoad = async () => (await readQueueLoads({ db: api.db, monitor: api.deps.queueMonitor }))?.queues.image.load
  await enqueueImage(new Date(Date.now() + 3_600_000))
  // BullMQ has each of these jobs for 100 ms before its row is marked as published.
  const loads: (number | undefined)[] = []
  for (let count = 1; count <= 40; count++) {
    await enqueueImage()
    loads.push(await readLoad())
  }
  expect(loads).toEqual(loads.map((_, index) => index + 1))
  await until('image', { load: 40, waiting: 40, outbox: 0, active: 0, dueDelayed: 0 })
  expect((await readPage()).queues.image.oldestMs).toBeGreaterThan(0)

  const worker = startBlockedWorker()
  await until('image', { load: 40, active: 2, waiting: 38 })
  worker.finish()
  await until('image', { load: 0, oldestMs: 0 })
  await worker.close()
})

test('a delayed job counts when it is due, although no worker runs', async () => {
  const runAt = new Date(Date.now() + 1_500)
  await enqueueImage(runAt)
  await eventually(async () => expect(await redis.client.zcard('{muster-image}:image:delayed')).toBe(1))
  expect((await readPage()).queues.image).toMatchObject({ load: 0, oldestMs: 0 })
  await until('image', { load: 1, dueDelayed: 1, waiting: 0 })
  const { at, queues } = await readPage()
  expect(Math.abs(queues.image.oldestMs - (Date.parse(at) - runAt.getTime()))).toBeLessThan(100)
})

test('without Redis the outbox alone counts, without Postgres BullMQ alone, and the answer says so', async () => {
  await enqueueImage()
  await until('image', { load: 1, waiting: 1, outbox: 0 })
  await eventually(async () => {
    const row = await api.db.selectFrom('outbox').select('published_at').executeTakeFirstOrThrow()
    expect(row.published_at).not.toBeNull()
  })
  redis.freeze()
  await enqueueUnpublished(2)
  await enqueueUnpublished(1, new Date(Date.now() + 3_600_000))
  const nothing = { waiting: null, prioritized: null, dueDelayed: null, active: null }
  await until('image', { ...nothing, load: 3, outbox: 3 })
  const startedMs = performance.now()
  const frozen = await readPage()
  expect(performance.now() - startedMs).toBeLessThan(3_000)
  expect(Object.keys(frozen.unavailable)).toEqual(['redis'])
  expect(frozen.queues.email).toEqual({ ...nothing, load: 0, outbox: 0, oldestMs: 0 })
  expect(frozen.queues.image.oldestMs).toBeGreaterThan(0)
  redis.thaw()
  await until('image', { load: 3, outbox: 0, waiting: 3 })

  await sql`alter table outbox rename to hidden`.execute(api.db)
  await until('image', { load: 3, outbox: null, waiting: 3 })
  expect((await readPage()).unavailable).toEqual({ postgres: '42P01' })
  redis.freeze()
  await eventually(async () => expect((await get()).status).toBe(503), { intervalMs: 250 })
  redis.thaw()
  await sql`alter table hidden rename to outbox`.execute(api.db)
  await until('image', { load: 3, outbox: 0 })
  expect((await readPage()).unavailable).toEqual({})
})

test('a hundred scalers share one reading a second', async () => {
  await createTransact({ db: api.db, publisher: noPublisher })(async ({ enqueue }) => {
    enqueue(sendEmail, { emailId: newId() })
  })
  const evals = async () => Number(/cmdstat_eval:calls=(\d+)/.exec(await redis.client.info('commandstats'))?.[1] ?? 0)
  const before = await evals()
  const answers = await Promise.all(Array.from({ length: 100 }, () => get().then((answer) => answer.json())))
  expect(new Set(answers.map((answer) => (answer as Page).at)).size).toBeLessThanOrEqual(2)
  expect((await evals()) - before).toBeLessThanOrEqual(8)
  await until('email', { load: 1 })
})
