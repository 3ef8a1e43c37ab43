import { type Clock, type Db, newId, systemClock } from '@muster/db'
import { createLogger, type Logger } from '@muster/logger'
import { failFastRedis, parseRedisUrl, type RedisClient, type RedisSettings } from '@muster/redis'
import { createTestDatabase, createTestRedis } from '@muster/testing'
import type { Queue } from 'bullmq'
import { sql } from 'kysely'
import { allJobs } from '../definitions/all-jobs.ts'
import { optimizeImage } from '../definitions/index.ts'
import type { Nudge } from '../outbox/effects.ts'
import { type Publisher, startPublisher } from '../outbox/publisher.ts'
import { createTransact, type Transact } from '../outbox/transact.ts'
import { openQueue } from '../redis/queue.ts'
import { type Handler, handle } from '../worker/handler.ts'
import { type RunningWorker, startWorker } from '../worker/worker.ts'

export const silent = createLogger({ name: 'jobs-test', level: 'silent' })

type ImageRun = Parameters<typeof handle<typeof optimizeImage.payload>>[1]

/**
 * Creates a database and a Redis for one test, which starts any number of publishers and workers of the image queue. The
 * effect of a job is a row of `effects`; a repeated effect is a second row.
 */
export async function createHarness() {
  const database = await createTestDatabase()
  const redis = await createTestRedis()
  const { db } = database
  await createEffects(db)
  const stops: (() => Promise<void>)[] = []
  let openedQueue: { queue: Queue; connection: RedisClient } | undefined

  const publisher = (
    options: { republishAfterMs?: number; redisSettings?: RedisSettings; clock?: Clock; log?: Logger } = {},
  ): Publisher => {
    const started = startPublisher({ db, redisSettings: parseRedisUrl(redis.url), log: silent, ...options })
    stops.push(() => started.close())
    return started
  }

  return {
    database,
    redis,
    db,
    publisher,
    transact: (started: Nudge = publisher()): Transact => createTransact({ db, publisher: started }),
    worker(
      run: ImageRun,
      {
        concurrency = 2,
        redisSettings = parseRedisUrl(redis.url),
        clock = systemClock,
      }: { concurrency?: number; redisSettings?: RedisSettings; clock?: Clock } = {},
    ): RunningWorker {
      const worker = startWorker({
        queue: 'image',
        handlers: imageHandlers(run),
        deps: { db, redisSettings, log: silent, publisher: publisher({ redisSettings, clock }), clock },
        concurrency,
      })
      stops.unshift(() => worker.close())
      return worker
    },
    /** Opens the image queue in Redis. */
    async queue(): Promise<Queue> {
      if (!openedQueue) {
        const connection = failFastRedis(parseRedisUrl(redis.url), { enableOfflineQueue: true })
        openedQueue = { connection, queue: await openQueue('image', connection) }
      }
      return openedQueue.queue
    },
    effects: () => readEffects(db),
    outboxRow: (id: string) => db.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirst(),
    async close() {
      for (const stop of stops) await stop()
      await openedQueue?.queue.close()
      openedQueue?.connection.disconnect()
      await redis.close()
      await database.drop()
    },
  }
}

export type Harness = Awaited<ReturnType<typeof createHarness>>

/** Returns the handlers of the image queue: that of `optimize-image` is the test's, the others do nothing. */
export const imageHandlers = (run: ImageRun): Handler[] => [
  handle(optimizeImage, run),
  ...allJobs
    .filter(({ queue, name }) => queue === optimizeImage.queue && name !== optimizeImage.name)
    .map((job) => handle(job, async () => {})),
]

/** Commits the job's effect and its acknowledgement in one transaction. */
export const takeEffect: ImageRun = async ({ attachmentId }, context) => {
  await context.transact(({ trx }) => sql`insert into effects (subject) values (${attachmentId})`.execute(trx))
}

export const someImage = () => ({ attachmentId: newId() })

/** Enqueues one job. @returns its id and subject */
export async function enqueueJob(transact: Transact, payload = someImage()) {
  const jobId = await transact(async ({ enqueue }) => enqueue(optimizeImage, payload))
  return { jobId, subject: payload.attachmentId }
}

async function createEffects(db: Db): Promise<void> {
  await sql`create table effects (subject text not null)`.execute(db)
  await sql`create table starts (subject text not null, pid integer not null)`.execute(db)
  await sql`create table ends (pid integer not null)`.execute(db)
}

async function readEffects(db: Db): Promise<string[]> {
  const { rows } = await sql<{ subject: string }>`select subject from effects order by subject`.execute(db)
  return rows.map(({ subject }) => subject)
}
