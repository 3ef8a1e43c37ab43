import { currentCause, withCause } from '@muster/cause'
import { DomainError } from '@muster/errors'
import {
  countFailedOf,
  deleteFailedJobs,
  type FailedJob,
  findOutboxJob,
  lockFailedJobs,
  readQueueLoads,
} from '@muster/jobs/admin'
import type { QueueName } from '@muster/jobs/definitions'
import { isRunning, type ListedProcess, workerOf } from '@muster/jobs/processes'
import type { Deps } from '../../deps.ts'
import type { FailureSnapshots } from './failure-snapshots.ts'
import { readSpans } from './minute-samples.queries.ts'
import { minuteMs, minuteOf } from './minute-samples.ts'
import { assertPermission, auditActor, commandLineMark, type Principal } from './principal.ts'
import { type Forecast, forecast, forecastMinutes } from './queue-forecast.ts'
import {
  type ChangedFailedJobs,
  type FailedJobsChange,
  type QueueFailures,
  type QueueSeries,
  type SeriesQuery,
  stepOf,
} from './queue-operations.schema.ts'
import { findRateChange } from './queue-retries.queries.ts'

type OperationDeps = Pick<Deps, 'db' | 'transact' | 'queueMonitor' | 'clock'> & { failures: FailureSnapshots }

const hourMs = 60 * minuteMs
const maxShownGroups = 200

/** Reads how a queue was over time, and tells from the last minutes when it will be empty. */
export async function readSeries(
  deps: OperationDeps,
  principal: Principal,
  name: QueueName,
  query: SeriesQuery,
): Promise<QueueSeries> {
  assertPermission(principal, 'queue.read')
  const now = deps.clock.now()
  const to = minuteOf(query.to === undefined ? now : new Date(query.to))
  const from = query.from === undefined ? new Date(to.getTime() - hourMs) : minuteOf(new Date(query.from))
  const stepMinutes = stepOf(to.getTime() - from.getTime())
  const [samples, clear] = await Promise.all([
    readSpans(deps.db, name, { from, to, stepMinutes }),
    readForecast(deps, name, now),
  ])
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    stepMinutes,
    samples: samples.map(({ at, oldest_ms: oldestMs, ...counts }) => ({ at: at.toISOString(), ...counts, oldestMs })),
    ...clear,
  }
}

/** Measures over whole minutes since the rates last changed by an operator's doing or by other workers, at most the last fifteen. */
async function readForecast(
  { db, queueMonitor }: OperationDeps,
  name: QueueName,
  now: Date,
): Promise<{ forecast: Forecast | null; measuringSince: string | null }> {
  const end = minuteOf(now)
  const earliest = new Date(end.getTime() - forecastMinutes * minuteMs)
  const [byOperator, processes, ended, loads, isPaused] = await Promise.all([
    findRateChange(db, name, earliest),
    queueMonitor.processes().catch(() => undefined),
    queueMonitor.lastEndOfWorker(name).catch(() => undefined),
    readQueueLoads({ db, monitor: queueMonitor }),
    queueMonitor.isPaused(name).catch(() => false),
  ])
  const ofQueue = processes?.filter((one) => one.name === workerOf(name))
  const change = latestIn({ from: earliest, to: now }, [byOperator, ended, ...(ofQueue ?? []).map(changedAt)])
  const from = change ? new Date(minuteOf(change).getTime() + minuteMs) : earliest
  const samples = await readSpans(db, name, { from, to: end, stepMinutes: 1 })
  const load = loads?.queues[name]
  if (!load || isPaused) return { forecast: null, measuringSince: null }
  const workers = ofQueue?.filter(isRunning).length ?? null
  const clear = forecast({ samples, backlog: load.load, workers, now })
  return { forecast: clear, measuringSince: clear ? null : (change?.toISOString() ?? null) }
}

/** The instant at which a process began to work, or at which one that was killed was last heard of. */
const changedAt = (one: ListedProcess) => new Date(isRunning(one) ? one.startedAt : one.seenMs)

const latestIn = ({ from, to }: { from: Date; to: Date }, instants: readonly (Date | undefined)[]): Date | undefined =>
  instants
    .filter((at) => at !== undefined)
    .filter((at) => at >= from && at <= to)
    .toSorted((one, other) => one.getTime() - other.getTime())
    .at(-1)

/** Groups the failed jobs of a queue by name and reason, as far as they are counted by now. */
export async function readFailures(
  { failures }: Pick<OperationDeps, 'failures'>,
  principal: Principal,
  name: QueueName,
): Promise<QueueFailures> {
  assertPermission(principal, 'queue.read')
  const { groups, counted, total, isComplete, countedAt } = await failures.read(name)
  const shown = [...groups.values()].toSorted((one, other) => other.count - one.count).slice(0, maxShownGroups)
  return {
    groups: shown.map((group) => ({
      ...group,
      firstFailedAt: group.firstFailedAt.toISOString(),
      lastFailedAt: group.lastFailedAt.toISOString(),
      canRetry: findOutboxJob(name, group.jobName) !== undefined,
    })),
    others: counted - shown.reduce((sum, { count }) => sum + count, 0),
    counted,
    total: Math.max(total, counted),
    isComplete,
    countedAt: countedAt.toISOString(),
  }
}

/**
 * Retries failed jobs that fit a filter: enqueues each under a new id in the transaction that deletes its row. Jobs that another operator
 * changes at the same moment are left to them.
 */
export const retryFailedJobs = (deps: OperationDeps, principal: Principal, name: QueueName, change: FailedJobsChange) =>
  changeFailedJobs(deps, principal, { name, change, action: 'jobs.retried' })

/** Discards failed jobs that fit a filter, so that they never run. */
export const discardFailedJobs = (
  deps: OperationDeps,
  principal: Principal,
  name: QueueName,
  change: FailedJobsChange,
) => changeFailedJobs(deps, principal, { name, change, action: 'jobs.discarded' })

type Change = { name: QueueName; change: FailedJobsChange; action: 'jobs.retried' | 'jobs.discarded' }

async function changeFailedJobs(
  deps: OperationDeps,
  principal: Principal,
  { name, change, action }: Change,
): Promise<ChangedFailedJobs> {
  assertPermission(principal, 'queue.change')
  const { reason, jobName, note, limit, cursor } = change
  const filter = { reason, jobName }
  const isRetry = action === 'jobs.retried'
  if (isRetry && jobName !== undefined && !findOutboxJob(name, jobName))
    throw new DomainError('CONFLICT', {
      message: 'This release has no job with this name, so a retry would fail again. Discard the jobs.',
    })
  if (change.dryRun)
    return { done: 0, skipped: 0, remaining: await countFailedOf(deps.db, name, filter), nextCursor: null }
  const { found, taken } = await deps.transact(async ({ trx, enqueue, audit }) => {
    const found = await lockFailedJobs(trx, name, { ...filter, afterId: cursor, limit })
    const retriedAs = isRetry ? found.map((job) => enqueueAgain(name, job, enqueue)) : []
    const taken = isRetry ? found.filter((_, index) => retriedAs[index] !== undefined) : found
    const newIds = retriedAs.flatMap((id) => id ?? [])
    await deleteFailedJobs(
      trx,
      taken.map(({ id }) => id),
    )
    if (taken.length > 0)
      audit({
        action,
        targetType: 'queue',
        targetId: name,
        before: { ...(reason !== undefined && { reason }), ...(jobName !== undefined && { name: jobName }) },
        after: {
          ...commandLineMark(principal),
          note,
          count: taken.length,
          firstJobId: taken[0]?.id,
          lastJobId: taken.at(-1)?.id,
          ...(isRetry && { firstRetriedAs: newIds[0], lastRetriedAs: newIds.at(-1) }),
        },
        ...auditActor(principal),
      })
    return { found, taken }
  })
  deps.failures.forget(name)
  await deps.queueMonitor.removeEntries(
    name,
    taken.map(({ id }) => id),
  )
  const lastId = found.length < limit ? undefined : found.at(-1)?.id
  const remaining = lastId === undefined ? 0 : await countFailedOf(deps.db, name, { ...filter, afterId: lastId })
  return {
    done: taken.length,
    skipped: found.length - taken.length,
    remaining,
    nextCursor: remaining > 0 ? (lastId ?? null) : null,
  }
}

type Enqueue = Parameters<Parameters<Deps['transact']>[0]>[0]['enqueue']

/** Enqueues a failed job under a new id. @returns that id; undefined when this release could never run it */
function enqueueAgain(queue: QueueName, { name, payload, cause }: FailedJob, enqueue: Enqueue): string | undefined {
  const job = findOutboxJob(queue, name)
  if (!job?.payload.safeParse(payload).success) return undefined
  // The request that caused the job causes its retry too.
  return withCause(cause ?? currentCause(), () => enqueue(job, payload))
}
