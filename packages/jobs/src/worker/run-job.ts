import { currentCause } from '@muster/cause'
import { type Clock, type Db, systemClock } from '@muster/db'
import { reportError } from '@muster/error-reports'
import type { Logger } from '@muster/logger'
import { Histogram, registry } from '@muster/telemetry'
import { DelayedError, type Job, UnrecoverableError } from 'bullmq'
import { holdMs } from '../hold/what-waits.ts'
import type { Nudge } from '../outbox/effects.ts'
import type { Publisher } from '../outbox/publisher.ts'
import { createTransact, type Transact } from '../outbox/transact.ts'
import { acknowledge } from './acknowledge.ts'
import { AlreadyDone, type Handler, PermanentError, UnknownJobError } from './handler.ts'
import type { MachineFaultLog } from './machine-fault-log.ts'
import { recordFailure } from './record-failure.ts'
import { judge, type Verdict } from './verdict.ts'

type RunDeps = {
  db: Db
  log: Logger
  publisher: Nudge & Partial<Pick<Publisher, 'hold'>>
  clock?: Clock
  faults: MachineFaultLog
}
type Handlers = ReadonlyMap<string, Handler>

/** A job this little before its time counts as due, because correct clocks differ by a few milliseconds. */
const earlyToleranceMs = 1_000
/** Delay before the next attempt to record a failure that Postgres did not store. */
const recordAgainMs = 1_000

const durationSeconds = new Histogram({
  name: 'muster_job_duration_seconds',
  help: 'Time from start to end of one run of a job.',
  labelNames: ['queue', 'name', 'outcome'],
  buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 30],
  registers: [registry],
})

/**
 * Runs the handler of one job and decides what BullMQ does with the job next.
 * @throws what makes BullMQ delay, retry or fail the job
 */
export async function runJob(
  handlers: Handlers,
  deps: RunDeps,
  job: Job,
  token: string | undefined,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const log = deps.log.child({ component: 'worker', jobId: job.id ?? '', job: job.name, attempt: job.attemptsMade + 1 })
  const stopTimer = durationSeconds.startTimer({ queue: job.queueName, name: labelOf(job, handlers) })
  const waitMs = dueInMs(job, deps.clock ?? systemClock) || (await holdMs(job, deps.db, deps.publisher.hold))
  if (waitMs > 0) return delay(job, waitMs, token)
  try {
    await runHandler(handlers, deps, job, log, signal)
    stopTimer({ outcome: 'done' })
    deps.faults.noteSuccess(job.name)
  } catch (error) {
    const { attemptsMade, attemptsStarted: starts, opts } = job
    const verdict = judge(error, { attempt: attemptsMade + 1, attempts: opts.attempts ?? 1, starts, signal })
    stopTimer({ outcome: verdict.outcome })
    await settle(verdict, error, { handlers, deps: { ...deps, log }, job, token })
  }
}

/** A job without a handler may have any name, and each would be a series of its own. */
const labelOf = ({ name }: Job, handlers: Handlers) => (handlers.has(name) ? name : 'unknown')

/**
 * Returns how long before its time BullMQ runs the job, 0 for a job that is due: BullMQ compares the time with the system
 * clock of whichever worker asks, which may be wrong.
 */
function dueInMs({ timestamp, opts }: Job, clock: Clock): number {
  if (!opts.delay) return 0
  const leftMs = timestamp + opts.delay - clock.now().getTime()
  return leftMs > earlyToleranceMs ? leftMs : 0
}

type FailedRun = { handlers: Handlers; deps: RunDeps; job: Job; token: string | undefined }

async function settle(verdict: Verdict, error: unknown, { handlers, deps, job, token }: FailedRun): Promise<void> {
  const { log, faults } = deps
  switch (verdict.outcome) {
    case 'already-done':
      return log.info('job skipped, done by an earlier run')
    case 'later':
      if (!faults.noteError(job.name, error)) {
        log.warn({ err: error, delayMs: verdict.delayMs }, 'job retry scheduled, attempt not counted')
      }
      return delay(job, verdict.delayMs, token)
    case 'failed':
      log.error({ err: error }, 'job failed')
      reportFault(error, job, handlers)
      // First in Postgres: a job that fails in Redis alone would be pending for ever and never run. A signal has no row.
      if (handlers.get(job.name)?.job.delivery !== 'signal' && !(await isRecorded(deps, job.id ?? '', error))) {
        return delay(job, recordAgainMs, token)
      }
      throw new UnrecoverableError(describe(error))
    case 'retry':
      log.warn({ err: error }, 'job attempt failed, retry scheduled')
      throw error
  }
}

/** Reports a failure that is a fault of Muster: of an image that is none, or an address that does not exist, the handler says so. */
function reportFault(error: unknown, job: Job, handlers: Handlers): void {
  if (error instanceof PermanentError && !(error instanceof UnknownJobError)) return
  const tags = { queue: job.queueName, job: labelOf(job, handlers) }
  reportError(error, { tags, requestId: currentCause()?.requestId, given: [job.data] })
}

/** @throws DelayedError, by which BullMQ knows that the job is neither done nor failed */
async function delay(job: Job, delayMs: number, token: string | undefined): Promise<never> {
  await job.moveToDelayed(Date.now() + delayMs, token)
  throw new DelayedError()
}

async function runHandler(
  handlers: Handlers,
  deps: RunDeps,
  job: Job,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const jobId = job.id ?? ''
  const handler = handlers.get(job.name)
  if (!handler) throw new UnknownJobError(`no handler for ${job.name}`)
  const payload = handler.job.payload.safeParse(job.data)
  if (!payload.success) {
    throw new UnknownJobError(
      `malformed payload: ${payload.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`,
    )
  }
  const hasRow = handler.job.delivery === 'outbox'
  let isAcknowledged = false
  const acknowledged = () => {
    isAcknowledged = true
  }
  const committing = createTransact(deps, {
    begin: async (trx) => {
      if (hasRow && (await acknowledge(trx, [jobId])).length === 0) throw new AlreadyDone(jobId)
    },
  })
  const transact: Transact = async (fn) => {
    const result = await committing(fn)
    acknowledged()
    return result
  }
  await handler.run(payload.data, { jobId, attempt: job.attemptsMade + 1, log, signal, transact, acknowledged })
  if (hasRow && !isAcknowledged) await deps.db.deleteFrom('outbox').where('id', '=', jobId).execute()
}

const describe = (error: unknown) => (error instanceof Error ? error.message : String(error))

async function isRecorded({ db, log }: Pick<RunDeps, 'db' | 'log'>, jobId: string, error: unknown): Promise<boolean> {
  try {
    await recordFailure(db, jobId, describe(error))
    return true
  } catch (cause) {
    log.warn({ err: cause }, 'job failure not recorded, retry scheduled')
    return false
  }
}
