import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, type Db, systemClock, type Trx } from '@muster/db'
import type { Logger } from '@muster/logger'
import { Histogram, reasonOf, registry, trackOutage } from '@muster/telemetry'
import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq'
import { sql } from 'kysely'
import { allJobs } from './catalogue.ts'
import { queuePrefix, workerRedis } from './connection.ts'
import type { JobDefinition, QueueName } from './define-job.ts'
import { AlreadyDone, type Handler, PermanentError } from './handler.ts'
import { createMachineFaultLog, type MachineFaultLog } from './machine-fault-log.ts'
import { createTransact, type Transact } from './outbox.ts'
import { probeRedis } from './redis-probe.ts'
import type { Relay } from './relay.ts'
import { judge } from './verdict.ts'

export { AlreadyDone, type Handler, type HandlerContext, handle, PermanentError, RetryLater } from './handler.ts'
export { failsForGood } from './verdict.ts'

type WorkerOptions = {
  queue: QueueName
  handlers: Handler[]
  /** Of the clock depends when a job that is due later runs. */
  deps: { db: Db; redisUrl: string; log: Logger; relay: Relay; clock?: Clock }
  /** Jobs that this process runs at the same time. */
  concurrency: number
  /** How long `close` lets running jobs finish before it asks them to let go; below the process's own 25 s. */
  drainMs?: number
}

export type RunningWorker = {
  bullWorker: Worker
  /** Asks Redis over the worker's connection, by a write. @throws why the queue can't be worked on */
  probe(): Promise<void>
  /** Stops taking jobs, waits for the running ones, then asks what still runs to let go. */
  close(): Promise<void>
}

/** A killed worker's jobs are taken over after its lock ran out and the next check. */
const lockDurationMs = 10_000
const stalledIntervalMs = 5_000
/** A job may be caught by this many kills before it counts as the killer. */
const maxStalledCount = 5
/** What BullMQ needs at most to take its leave of a Redis that answers. */
const farewellMs = 1_500
/** After Redis refused to give a job, e.g. as a replica; BullMQ's own pause of 15 s would make every recovery slow. */
const retryFetchMs = 1_000
/** Clocks that agree do so to within a few milliseconds. */
const earlyToleranceMs = 1_000
/** BullMQ repeats a connection or a fetch that fails within a second: an error that is older is over. */
const errorLastsMs = 3_000

const durationSeconds = new Histogram({
  name: 'muster_job_duration_seconds',
  help: 'Time from start to end of one run of a job.',
  labelNames: ['queue', 'name', 'outcome'],
  buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 30],
  registers: [registry],
})

/** Takes the jobs of one queue. @throws when a job of the queue has no handler, or two */
export function startWorker({ queue, handlers, deps, concurrency, drainMs = 20_000 }: WorkerOptions): RunningWorker {
  const byName = completeHandlers(queue, handlers)
  const connection = workerRedis(deps.redisUrl)
  const running = new Set<Promise<void>>()
  const needs = { ...deps, faults: createMachineFaultLog(deps.log) }
  const process = (job: Job, token?: string, signal?: AbortSignal) => {
    const run = runJob(byName, needs, job, token, signal)
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
  const outage = trackOutage({
    log: deps.log,
    fields: { dependency: 'redis', component: 'worker' },
    down: 'worker waiting for redis',
    up: 'worker takes jobs again',
  })
  // Of its blocking connection, which nobody else can ask, BullMQ tells only this.
  let lastError: { error: Error; atMs: number } | undefined
  bullWorker.on('error', (error) => {
    lastError = { error, atMs: performance.now() }
    outage.failed(error)
  })
  bullWorker.on('active', outage.succeeded)
  bullWorker.on('stalled', (jobId) => deps.log.warn({ jobId }, 'a job was left by its worker and is taken over'))
  bullWorker.on('failed', (job, error) => {
    // Given up by BullMQ itself: it took its worker down once too often, and no handler ran to say so.
    if (job?.id && error.message.includes('stalled')) {
      markFailed(deps.db, job.id, error.message).catch((cause: unknown) => {
        deps.log.error({ err: cause, jobId: job.id }, 'a failure was not noted; the job is owed and comes again')
        return job.remove().catch(() => {})
      })
    }
  })
  return {
    bullWorker,
    async probe() {
      await probeRedis(connection, [queue])
      const isRecent = lastError && performance.now() - lastError.atMs < errorLastsMs
      if (lastError && isRecent && reasonOf(lastError.error) !== 'UNKNOWN') throw lastError.error
      outage.succeeded()
    },
    async close() {
      const closed = bullWorker.close()
      const timer = setTimeout(() => bullWorker.cancelAllJobs('the process ends'), drainMs)
      // With Redis away BullMQ waits for it for ever; once no job runs there is nothing left that is worth it.
      const isIdle = Promise.all(running).then(() => sleep(farewellMs, undefined, { ref: false }))
      await Promise.race([closed, isIdle])
      clearTimeout(timer)
      connection.disconnect()
      await Promise.race([bullWorker.disconnect().catch(() => {}), sleep(farewellMs, undefined, { ref: false })])
    },
  }
}

/** Boot proves completeness: each job of the queue has exactly one handler. */
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

/**
 * How long before its time BullMQ has given the job: it goes by the system clock of whichever worker asks it. 0 for one that
 * is due.
 */
function dueInMs({ timestamp, opts }: Job, clock: Clock): number {
  if (!opts.delay) return 0
  const leftMs = timestamp + opts.delay - clock.now().getTime()
  return leftMs > earlyToleranceMs ? leftMs : 0
}

async function runJob(
  handlers: Map<string, Handler>,
  deps: WorkerOptions['deps'] & { faults: MachineFaultLog },
  job: Job,
  token: string | undefined,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const jobId = job.id ?? ''
  const log = deps.log.child({ jobId, job: job.name, attempt: job.attemptsMade + 1 })
  const stopTimer = durationSeconds.startTimer({ queue: job.queueName, name: job.name })
  const earlyMs = dueInMs(job, deps.clock ?? systemClock)
  if (earlyMs > 0) {
    await job.moveToDelayed(Date.now() + earlyMs, token)
    throw new DelayedError()
  }
  try {
    await runHandler(handlers, deps, job, jobId, log, signal)
    stopTimer({ outcome: 'done' })
    deps.faults.noteSuccess(job.name)
  } catch (error) {
    const { attemptsMade, attemptsStarted: starts, opts } = job
    const verdict = judge(error, { attempt: attemptsMade + 1, attempts: opts.attempts ?? 1, starts, signal })
    stopTimer({ outcome: verdict.outcome })
    switch (verdict.outcome) {
      case 'already-done':
        return log.info('done by an earlier run')
      case 'later':
        if (!deps.faults.noteError(job.name, error)) log.warn({ err: error, delayMs: verdict.delayMs }, 'put off')
        await job.moveToDelayed(Date.now() + verdict.delayMs, token)
        throw new DelayedError()
      case 'failed':
        log.error({ err: error }, 'failed for good')
        // First in Postgres: a job that is given up in Redis alone would be owed for ever and never run. A hint is owed nothing.
        if (handlers.get(job.name)?.job.delivery !== 'hint' && !(await isNoted(deps, jobId, error))) {
          await job.moveToDelayed(Date.now() + 1_000, token)
          throw new DelayedError()
        }
        throw new UnrecoverableError(describe(error))
      case 'retry':
        log.warn({ err: error }, 'failed, will be tried again')
        throw error
    }
  }
}

async function runHandler(
  handlers: Map<string, Handler>,
  deps: WorkerOptions['deps'],
  job: Job,
  jobId: string,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const handler = handlers.get(job.name)
  if (!handler) throw new PermanentError(`no handler for ${job.name}`)
  const payload = handler.job.payload.safeParse(job.data)
  if (!payload.success) {
    throw new PermanentError(
      `malformed payload: ${payload.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`,
    )
  }
  const isOwed = handler.job.delivery === 'owed'
  let isAcknowledged = false
  const acknowledged = () => {
    isAcknowledged = true
  }
  const committing = createTransact(deps, {
    begin: async (trx) => {
      if (isOwed) await acknowledge(trx, jobId)
    },
  })
  const transact: Transact = async (fn) => {
    const result = await committing(fn)
    acknowledged()
    return result
  }
  await handler.run(payload.data, { jobId, attempt: job.attemptsMade + 1, log, signal, transact, acknowledged })
  if (isOwed && !isAcknowledged) await deps.db.deleteFrom('outbox').where('id', '=', jobId).execute()
}

/** The row is at once what is owed and the key that makes it once: a second run waits for the lock and finds it gone. */
async function acknowledge(trx: Trx, jobId: string): Promise<void> {
  const { numDeletedRows } = await trx.deleteFrom('outbox').where('id', '=', jobId).executeTakeFirst()
  if (numDeletedRows === 0n) throw new AlreadyDone(jobId)
}

const describe = (error: unknown) => (error instanceof Error ? error.message : String(error))

async function isNoted({ db, log }: Pick<WorkerOptions['deps'], 'db' | 'log'>, jobId: string, error: unknown) {
  try {
    await markFailed(db, jobId, describe(error))
    return true
  } catch (cause) {
    log.warn({ err: cause }, 'the failure is noted later')
    return false
  }
}

const maxReasonLength = 1_000

/** A library may quote whatever it had in hand, NUL included, which Postgres can't hold. */
async function markFailed(db: Db, jobId: string, reason: string): Promise<void> {
  await db
    .updateTable('outbox')
    .set({
      failed_at: sql`clock_timestamp()`,
      error: reason.replaceAll('\0', '\ufffd').slice(0, maxReasonLength),
    })
    .where('id', '=', jobId)
    .execute()
}
