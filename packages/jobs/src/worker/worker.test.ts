import { currentCause, withCause } from '@muster/cause'
import { newId } from '@muster/db'
import { parseRedisUrl } from '@muster/redis'
import { eventually, startOwnRedis } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { chainAudit, deleteFiles, optimizeImage, sweepOrphans } from '../definitions/index.ts'
import { noPublisher } from '../outbox/effects.ts'
import {
  createHarness,
  enqueueJob,
  type Harness,
  imageHandlers,
  silent,
  someImage,
  takeEffect,
} from '../testing/harness.ts'
import { handle, PermanentError, RetryLater } from './handler.ts'
import { startWorker } from './worker.ts'

let world: Harness
beforeEach(async () => {
  world = await createHarness()
})
afterEach(() => world.close())

const failedReason = async (jobId: string) => (await (await world.queue()).getJob(jobId))?.failedReason

/** Waits until the job failed: recorded in Postgres and listed in Redis, with the reason in both. */
const untilFailed = (jobId: string, reason: string) =>
  eventually(async () => {
    const row = await world.outboxRow(jobId)
    expect(row?.failed_at).toBeInstanceOf(Date)
    expect(row?.error).toContain(reason)
    expect(await failedReason(jobId)).toContain(reason)
    expect(await (await (await world.queue()).getJob(jobId))?.isFailed()).toBe(true)
  })

const untilRecorded = (jobId: string, reason: string) =>
  eventually(async () => expect((await world.outboxRow(jobId))?.error).toBe(reason))

test('a job that is delivered again after its effect does nothing', async () => {
  let runs = 0
  world.worker(async (payload, context) => {
    runs++
    await takeEffect(payload, context)
  })
  const { jobId, subject } = await enqueueJob(world.transact())
  const queue = await world.queue()
  await eventually(async () => expect(await (await queue.getJob(jobId))?.isCompleted()).toBe(true))
  await queue.remove(jobId)
  await queue.add(optimizeImage.name, { attachmentId: subject }, { jobId })
  await eventually(async () => expect(await (await queue.getJob(jobId))?.isCompleted()).toBe(true))
  expect(runs).toBe(2)
  expect(await world.effects()).toEqual([subject])
})

test('a failed transaction leaves neither effect nor acknowledgement, and the job is retried', async () => {
  world.worker(async ({ attachmentId }, context) => {
    await context.transact(async ({ trx }) => {
      await sql`insert into effects values (${attachmentId})`.execute(trx)
      if (context.attempt === 1) throw new Error('too early')
    })
  })
  const { jobId, subject } = await enqueueJob(world.transact())
  await eventually(async () => expect(await world.outboxRow(jobId)).toBeUndefined())
  expect(await world.effects()).toEqual([subject])
})

test('a job whose handler needs no transaction is acknowledged when it returns', async () => {
  const seen: string[] = []
  world.worker(async ({ attachmentId }) => {
    seen.push(attachmentId)
  })
  const { jobId, subject } = await enqueueJob(world.transact())
  await eventually(async () => expect(await world.outboxRow(jobId)).toBeUndefined())
  expect(seen).toEqual([subject])
})

test('a job whose handler caught the error of its transaction is acknowledged', async () => {
  world.worker(async (_payload, context) => {
    await context
      .transact(async () => {
        throw new Error('not needed after all')
      })
      .catch(() => {})
  })
  const { jobId } = await enqueueJob(world.transact())
  await eventually(async () => expect(await world.outboxRow(jobId)).toBeUndefined())
})

test('a failure whose reason has characters that Postgres cannot hold is recorded', async () => {
  world.worker(async () => {
    throw new PermanentError('the file a\0b\ud800 is unusable')
  })
  const { jobId } = await enqueueJob(world.transact())
  await untilRecorded(jobId, 'the file a\ufffdb\ufffd is unusable')
})

test('a signal that fails is not retried', async () => {
  world.worker(takeEffect)
  const queue = await world.queue()
  const { id } = await queue.add(sweepOrphans.name, { not: 'empty' })
  await eventually(async () => expect(await (await queue.getJob(id as string))?.isFailed()).toBe(true))
  expect((await queue.getJob(id as string))?.attemptsStarted).toBe(1)
})

test('a malformed payload or an unknown job fails with its reason and delays no other job', async () => {
  world.worker(takeEffect, { concurrency: 1 })
  const [malformed, unknown] = [newId(), newId()]
  await world.db
    .insertInto('outbox')
    .values([
      { id: malformed, queue: 'image', name: 'optimize-image', payload: JSON.stringify({ attachmentId: 7 }) },
      { id: unknown, queue: 'image', name: 'paint-image', payload: '{}' },
    ])
    .execute()
  const { subject } = await enqueueJob(world.transact())
  await eventually(async () => expect(await world.effects()).toEqual([subject]))
  await untilFailed(malformed, 'malformed payload: attachmentId')
  await untilFailed(unknown, 'no handler for paint-image')
})

test('a job whose handler always throws fails after its attempts and delays no other job', async () => {
  const poison = someImage()
  const attempts: number[] = []
  world.worker(
    async (payload, context) => {
      if (payload.attachmentId === poison.attachmentId) {
        attempts.push(context.attempt)
        throw new Error('never works')
      }
      await takeEffect(payload, context)
    },
    { concurrency: 1 },
  )
  const { jobId } = await enqueueJob(world.transact(), poison)
  const { subject } = await enqueueJob(world.transact())
  await eventually(async () => expect(await world.effects()).toEqual([subject]))
  await untilFailed(jobId, 'never works')
  expect(attempts).toEqual([1, 2, 3])
})

test('a permanent error makes the job fail without a retry', async () => {
  let runs = 0
  world.worker(async () => {
    runs++
    throw new PermanentError('not an image')
  })
  const { jobId } = await enqueueJob(world.transact())
  await untilFailed(jobId, 'not an image')
  expect(runs).toBe(1)
})

test('an unavailable dependency uses up no attempt', async () => {
  const attempts: number[] = []
  world.worker(async (payload, context) => {
    attempts.push(context.attempt)
    if (attempts.length <= 5) throw new RetryLater('the disk is away', 20)
    await takeEffect(payload, context)
  })
  const { subject } = await enqueueJob(world.transact())
  await eventually(async () => expect(await world.effects()).toEqual([subject]))
  expect(attempts).toEqual([1, 1, 1, 1, 1, 1])
})

test('a failed job is not published again', async () => {
  world.worker(async () => {
    throw new PermanentError('no')
  })
  const { jobId } = await enqueueJob(world.transact(world.publisher({ republishAfterMs: 0 })))
  await untilFailed(jobId, 'no')
  await (await world.queue()).remove(jobId)
  const later = await enqueueJob(world.transact())
  await untilFailed(later.jobId, 'no')
  expect(await failedReason(jobId)).toBeUndefined()
})

test('a worker with a missing, a double or a foreign handler does not start and names them all', () => {
  const start = () =>
    startWorker({
      queue: 'image',
      handlers: [
        ...imageHandlers(takeEffect).filter(({ job }) => job !== sweepOrphans),
        handle(deleteFiles, async () => {}),
        handle(chainAudit, async () => {}),
      ],
      deps: { db: world.db, redisSettings: parseRedisUrl(world.redis.url), log: silent, publisher: world.publisher() },
      concurrency: 1,
    })
  expect(start).toThrow(
    /delete-files has 2 handlers; sweep-orphans has 0 handlers; chain-audit is no job of this queue/,
  )
})

test('closing a worker waits for the running job and takes no other', async () => {
  const started: string[] = []
  let finish = () => {}
  const worker = world.worker(
    async (payload, context) => {
      started.push(payload.attachmentId)
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      await takeEffect(payload, context)
    },
    { concurrency: 1 },
  )
  const transact = world.transact()
  const { subject } = await enqueueJob(transact)
  await eventually(() => expect(started).toHaveLength(1))
  const closed = worker.close()
  const next = await enqueueJob(transact)
  finish()
  await closed
  expect(await world.effects()).toEqual([subject])
  expect(started).toEqual([subject])
  expect(await world.outboxRow(next.jobId)).toBeDefined()
})

test('a job that outlasts the drain is aborted and done by another worker in the same attempt', async () => {
  const attempts: number[] = []
  const worker = world.worker(async (_payload, { signal, attempt }) => {
    attempts.push(attempt)
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  const { subject } = await enqueueJob(world.transact())
  await eventually(() => expect(attempts).toHaveLength(1))
  await worker.close(200)
  world.worker(async (payload, context) => {
    attempts.push(context.attempt)
    await takeEffect(payload, context)
  })
  await eventually(async () => expect(await world.effects()).toEqual([subject]))
  expect(attempts).toEqual([1, 1])
})

test('a worker without Redis can be closed', async () => {
  const worker = world.worker(takeEffect, { redisSettings: parseRedisUrl('redis://127.0.0.1:1') })
  const publisher = world.publisher({ redisSettings: parseRedisUrl('redis://127.0.0.1:1') })
  const startedAt = performance.now()
  await Promise.all([worker.close(), publisher.close()])
  // After 25 s the process would be killed.
  expect(performance.now() - startedAt).toBeLessThan(20_000)
})

test('a worker with a wrong Redis password reports it, and processes jobs once it is right', async () => {
  const redis = await startOwnRedis()
  onTestFinished(() => redis.stop())
  await redis.client.config('SET', 'requirepass', 'right')
  const redisSettings = parseRedisUrl(`redis://:wrong@127.0.0.1:${redis.port}`)
  const worker = world.worker(takeEffect, { redisSettings })
  await expect(worker.probe()).rejects.toThrow('WRONGPASS')
  const { subject } = await enqueueJob(world.transact(world.publisher({ redisSettings })))
  await redis.client.config('SET', 'requirepass', 'wrong')
  await eventually(async () => expect(await world.effects()).toEqual([subject]))
  await eventually(() => worker.probe())
})

test('a handler runs with the request that caused its job, and jobs of the handler have it too', async () => {
  const seen: [string, string | undefined][] = []
  const first = someImage()
  world.worker(async (payload, context) => {
    seen.push([payload.attachmentId, currentCause()?.requestId])
    await context.transact(async ({ enqueue }) => {
      if (payload.attachmentId === first.attachmentId) enqueue(optimizeImage, { attachmentId: second })
    })
  })
  const second = newId()
  const transact = world.transact()
  const scheduled = await enqueueJob(transact)
  await withCause({ requestId: 'r-1', clientRequestId: 'mine' }, () => enqueueJob(transact, first))
  await eventually(() =>
    expect(seen.toSorted()).toEqual(
      [
        [scheduled.subject, undefined],
        [first.attachmentId, 'r-1'],
        [second, 'r-1'],
      ].toSorted(),
    ),
  )
})

test('a job that is retried, or that another process publishes, keeps the request that caused it', async () => {
  const attempts: (string | undefined)[] = []
  const { jobId } = await withCause({ requestId: 'r-2', traceParent: '00-aa-bb-01' }, () =>
    enqueueJob(world.transact(noPublisher)),
  )
  world.worker(async (payload, context) => {
    const { requestId, traceParent } = currentCause() ?? {}
    attempts.push(`${requestId} ${traceParent}`)
    if (attempts.length === 1) throw new Error('too early')
    await takeEffect(payload, context)
  })
  await eventually(async () => expect(await world.outboxRow(jobId)).toBeUndefined())
  expect(attempts).toEqual(['r-2 00-aa-bb-01', 'r-2 00-aa-bb-01'])
})
