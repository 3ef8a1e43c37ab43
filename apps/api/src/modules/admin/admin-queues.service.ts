import { DomainError } from '@muster/errors'
import {
  countFailedJobs,
  type FailedJob,
  type FailedSignal,
  findOutboxJob,
  isRowId,
  listFailedJobs,
  takeFailedJob,
} from '@muster/jobs/admin'
import { readOutboxState } from '@muster/jobs/outbox'
import type { Deps } from '../../deps.ts'
import type { FailedJobRef, FailedJobView, FailedQuery, QueueView } from './admin-queues.schema.ts'
import { assertMay, type Doer, noted, signedBy } from './doer.ts'

export type QueueDeps = Pick<Deps, 'db' | 'transact' | 'queueMonitor'>

const redisRetrySeconds = 2

/** What each queue holds, and what waits before them. @throws DomainError DEPENDENCY_UNAVAILABLE without Redis */
export async function readQueues({ db, queueMonitor }: QueueDeps, doer: Doer) {
  assertMay(doer, 'queue.read')
  const [counts, failed, outbox] = await Promise.all([
    askRedis(() => queueMonitor.count()),
    countFailedJobs(db),
    readOutboxState(db),
  ])
  const queues = counts.map(
    ({ failedSignals, isPaused, ...rest }): QueueView => ({
      ...rest,
      failed: (failed.get(rest.name) ?? 0) + failedSignals,
      paused: isPaused,
    }),
  )
  return { queues, outbox }
}

/**
 * Jobs that failed for good, with the reason. What is owed is read from Postgres, so that it is told without Redis too;
 * on the first page stands before it what only BullMQ knows, as far as it can be asked.
 */
export async function listFailed(
  { db, queueMonitor }: QueueDeps,
  doer: Doer,
  name: FailedJobRef['name'],
  query: FailedQuery,
) {
  assertMay(doer, 'queue.read')
  const { limit, cursor } = query
  const [rows, hints] = await Promise.all([
    listFailedJobs(db, name, { beforeId: cursor, limit: limit + 1 }),
    cursor === undefined ? queueMonitor.listFailedSignals(name).catch(() => undefined) : [],
  ])
  const shown = rows.slice(0, limit)
  return {
    jobs: [
      ...(hints ?? []).map((job) => toView(job, { isOwed: false })),
      ...shown.map((job) => toView(job, { isOwed: true })),
    ],
    isWhole: hints !== undefined,
    pagination: { limit, nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null },
  }
}

/**
 * Has a failed job done after all. It is ordered anew under an id of its own, in the transaction that takes the failed
 * one away: BullMQ passes over an id that it has seen fail, and of many who retry at once one gets the row.
 * @returns the id under which it runs now
 * @throws DomainError NOT_FOUND, CONFLICT when it could never succeed
 */
export async function retryFailed(deps: QueueDeps, doer: Doer, { name, jobId }: FailedJobRef): Promise<string> {
  assertMay(doer, 'queue.change')
  if (!isRowId(jobId)) return retrySignal(deps, doer, { name, jobId })
  const retriedAs = await deps.transact(async ({ trx, enqueue, audit }) => {
    const failed = await takeFailedJob(trx, name, jobId)
    if (!failed) throw new DomainError('NOT_FOUND')
    const job = findOutboxJob(name, failed.name)
    if (!job?.payload.safeParse(failed.payload).success)
      throw new DomainError('CONFLICT', {
        message: 'This release has no job of that name and payload: run again it would fail again. Discard it.',
      })
    const id = enqueue(job, failed.payload)
    audit({
      action: 'job.retried',
      ...target(jobId),
      before: described(name, failed),
      after: { ...noted(doer), retriedAs: id },
      ...signedBy(doer),
    })
    return id
  })
  await deps.queueMonitor.removeEntry(name, jobId)
  return retriedAs
}

/**
 * Gives a failed job up: it is owed no more, and nobody ever does it.
 * @throws DomainError NOT_FOUND
 */
export async function discardFailed(deps: QueueDeps, doer: Doer, { name, jobId }: FailedJobRef): Promise<void> {
  assertMay(doer, 'queue.change')
  if (!isRowId(jobId)) return discardSignal(deps, doer, { name, jobId })
  await deps.transact(async ({ trx, audit }) => {
    const failed = await takeFailedJob(trx, name, jobId)
    if (!failed) throw new DomainError('NOT_FOUND')
    const before = described(name, failed)
    audit({ action: 'job.discarded', ...target(jobId), before, after: noted(doer), ...signedBy(doer) })
  })
  await deps.queueMonitor.removeEntry(name, jobId)
}

/** Redis decides who of many retries it. Its event follows: a crash in between loses it, and nothing that is owed. */
async function retrySignal(deps: QueueDeps, doer: Doer, { name, jobId }: FailedJobRef): Promise<string> {
  const job = await askRedis(() => deps.queueMonitor.retrySignal(name, jobId))
  if (job === undefined) throw new DomainError('NOT_FOUND')
  const after = { ...noted(doer), retriedAs: jobId }
  const before = { queue: name, name: job }
  await deps.transact(async ({ audit }) =>
    audit({ action: 'job.retried', ...target(jobId), before, after, ...signedBy(doer) }),
  )
  return jobId
}

async function discardSignal(deps: QueueDeps, doer: Doer, { name, jobId }: FailedJobRef): Promise<void> {
  const job = await askRedis(() => deps.queueMonitor.discardSignal(name, jobId))
  if (job === undefined) throw new DomainError('NOT_FOUND')
  const before = { queue: name, name: job }
  await deps.transact(async ({ audit }) =>
    audit({ action: 'job.discarded', ...target(jobId), before, after: noted(doer), ...signedBy(doer) }),
  )
}

/** @throws DomainError DEPENDENCY_UNAVAILABLE when Redis is away */
export async function askRedis<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    throw new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds: redisRetrySeconds, cause })
  }
}

const target = (jobId: string) => ({ targetType: 'job', targetId: jobId })

/** Payloads are ids. The reason stays out: it is what some library said, of whatever it had in hand. */
const described = (queue: string, { name, payload, failedAt }: FailedJob) => ({
  queue,
  name,
  payload,
  failedAt: failedAt.toISOString(),
})

const toView = (job: FailedJob | FailedSignal, { isOwed }: { isOwed: boolean }): FailedJobView => ({
  id: job.id,
  name: job.name,
  payload: job.payload,
  reason: job.reason,
  isOwed,
  createdAt: job.createdAt.toISOString(),
  failedAt: job.failedAt.toISOString(),
})
