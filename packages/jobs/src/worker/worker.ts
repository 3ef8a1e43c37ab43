import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock, Db } from '@muster/db'
import type { Logger } from '@muster/logger'
import { type RedisSettings, workerRedis } from '@muster/redis'
import { reasonOf, trackOutage } from '@muster/telemetry'
import { type Job, Worker } from 'bullmq'
import { allJobs } from '../definitions/all-jobs.ts'
import type { JobDefinition, QueueName } from '../definitions/define-job.ts'
import { isQueueHeld } from '../hold/what-waits.ts'
import type { Nudge } from '../outbox/effects.ts'
import type { Publisher } from '../outbox/publisher.ts'
import { probeRedis } from '../redis/probe.ts'
import { queuePrefix } from '../redis/queue-prefix.ts'
import type { Handler } from './handler.ts'
import { createMachineFaultLog } from './machine-fault-log.ts'
import { recordFailure } from './record-failure.ts'
import { runJob } from './run-job.ts'
import { runTraced } from './run-traced.ts'

type WorkerOptions = {
  queue: QueueName
  handlers: Handler[]
  /** The clock decides when a job with a `runAt` is due. */
  deps: {
    db: Db
    redisSettings: RedisSettings
    log: Logger
    publisher: Nudge & Partial<Pick<Publisher, 'onOwner' | 'hold'>>
    clock?: Clock
  }
  /** Jobs that this process runs at the same time. */
  concurrency: number
}

export type RunningWorker = {
  bullWorker: Worker
  /** Probes Redis over the worker's connection, by a write. @throws why the queue can't be processed */
  probe(): Promise<void>
  /**
   * Stops taking jobs and waits for the running ones.
   * @param drainMs how long they may take before their signal is aborted
   */
  close(drainMs?: number): Promise<void>
}

/** A killed worker's jobs count as stalled after its lock expired and the next check. */
const lockDurationMs = 10_000
const stalledIntervalMs = 5_000
/** The number of kills that a job survives. Killed once more while it runs, it counts as the cause and fails. */
const maxStalledCount = 5
/** Upper bound for closing a BullMQ worker while Redis responds. */
const closeMs = 1_500
/** Delay after Redis refused a fetch, e.g. as a replica. BullMQ's default of 15 s would make every recovery slow. */
const retryFetchMs = 1_000
/** BullMQ repeats a failed connection or fetch within a second, so an older error is over. */
const errorLastsMs = 3_000

/** Processes the jobs of one queue. @throws when a job of the queue has no handler, or two */
export function startWorker({ queue, handlers, deps, concurrency }: WorkerOptions): RunningWorker {
  const byName = completeHandlers(queue, handlers)
  const connection = workerRedis(deps.redisSettings)
  const running = new Set<Promise<void>>()
  const needs = { ...deps, faults: createMachineFaultLog(deps.log) }
  const process = (job: Job, token?: string, signal?: AbortSignal) => {
    const label = byName.has(job.name) ? job.name : 'unknown'
    const run = runTraced(job, label, () => runJob(byName, needs, job, token, signal))
    const settled = run.catch(() => {}).then(() => void running.delete(settled))
    running.add(settled)
    return run
  }
  const bullWorker = new Worker(queue, process, {
    connection,
    prefix: queuePrefix(queue),
    concurrency,
    lockDuration: lockDurationMs,
    stalledInterval: stalledIntervalMs,
    maxStalledCount,
    runRetryDelay: retryFetchMs,
  })
  reportStalled(bullWorker, deps)
  pauseWhileNotAllowed(bullWorker, queue, deps.publisher)
  const connectionState = watchConnection(bullWorker, deps.log)
  return {
    bullWorker,
    async probe() {
      await probeRedis(connection, [queue])
      connectionState.assertUsable()
    },
    async close(drainMs = 20_000) {
      const closed = bullWorker.close()
      const timer = setTimeout(() => bullWorker.cancelAllJobs('the process ends'), drainMs)
      // While Redis is unavailable, BullMQ would wait for it without a limit, although no job runs any more.
      await Promise.race([closed, untilIdle(running)])
      clearTimeout(timer)
      connection.disconnect()
      await Promise.race([bullWorker.disconnect().catch(() => {}), sleep(closeMs, undefined, { ref: false })])
    },
  }
}

/**
 * Pauses the worker while Redis belongs to another installation, whose jobs have no rows here, so that they would be taken for done ones;
 * and while a held copy takes no job of the queue.
 */
function pauseWhileNotAllowed(
  bullWorker: Worker,
  queue: QueueName,
  publisher: WorkerOptions['deps']['publisher'],
): void {
  let isOwn = true
  let isHeld = false
  const apply = () => (isOwn && !isHeld ? bullWorker.resume() : void bullWorker.pause(true))
  publisher.onOwner?.((now) => {
    isOwn = now
    apply()
  })
  if (!isQueueHeld(queue)) return
  publisher.hold?.onChange((now) => {
    isHeld = now
    apply()
  })
}

/** Resolves when no job has run for {@link closeMs}. A job whose fetch was in progress when the worker closed starts late. */
async function untilIdle(running: ReadonlySet<Promise<void>>): Promise<void> {
  do {
    await Promise.all(running)
    await sleep(closeMs, undefined, { ref: false })
  } while (running.size > 0)
}

/** Proves completeness at start: each job of the queue has exactly one handler. */
function completeHandlers(queue: QueueName, handlers: Handler[]): Map<string, Handler> {
  const own: readonly JobDefinition[] = allJobs.filter((job) => job.queue === queue)
  const faults = [
    ...own.map(({ name }) => ({ name, count: handlers.filter(({ job }) => job.name === name).length })),
    ...handlers.filter(({ job }) => !own.includes(job)).map(({ job }) => ({ name: job.name, count: -1 })),
  ]
    .filter(({ count }) => count !== 1)
    .map(({ name, count }) => (count < 0 ? `${name} is no job of this queue` : `${name} has ${count} handlers`))
  if (faults.length > 0) throw new Error(`The ${queue} worker can't start: ${faults.join('; ')}.`)
  return new Map(handlers.map((handler) => [handler.job.name, handler]))
}

/** Logs stalled jobs, and records the failure of a job that stalled too often: BullMQ fails it without running a handler. */
function reportStalled(bullWorker: Worker, { db, log }: { db: Db; log: Logger }): void {
  bullWorker.on('stalled', (jobId) => log.warn({ component: 'worker', jobId }, 'job stalled, processed again'))
  bullWorker.on('failed', (job, error) => {
    if (!job?.id || !error.message.includes('stalled')) return
    recordFailure(db, job.id, error.message).catch((cause: unknown) => {
      log.error(
        { component: 'worker', err: cause, jobId: job.id },
        'stalled job failure not recorded, job stays pending',
      )
      return job.remove().catch(() => {})
    })
  })
}

/** Follows BullMQ's blocking connection, which cannot be probed: its errors and jobs are the only signs of its state. */
function watchConnection(bullWorker: Worker, log: Logger) {
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'worker' },
    down: 'worker waiting for redis',
    up: 'worker resumed',
  })
  let lastError: { error: Error; atMs: number } | undefined
  bullWorker.on('error', (error) => {
    lastError = { error, atMs: performance.now() }
    outage.failed(error)
  })
  bullWorker.on('active', outage.succeeded)
  return {
    /** @throws the connection's last error, unless it is over */
    assertUsable() {
      const isRecent = lastError && performance.now() - lastError.atMs < errorLastsMs
      if (lastError && isRecent && reasonOf(lastError.error) !== 'UNKNOWN') throw lastError.error
      outage.succeeded()
    },
  }
}
