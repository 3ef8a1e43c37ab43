import { currentCause, withCause } from '@muster/cause'
import type { Db, Trx } from '@muster/db'
import { DomainError, type DoneAlready, detailOf } from '@muster/errors'
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
import { hideSecrets } from '@muster/logger'
import type { Deps } from '../../deps.ts'
import { cursorPage } from '../../http/pagination.ts'
import type { FailedJobRef, FailedJobView, FailedQuery, QueueView } from './admin-queues.schema.ts'
import { askRedis } from './ask-redis.ts'
import { findJobChange, type JobChange } from './job-changes.queries.ts'
import { assertPermission, auditActor, commandLineMark, type Principal } from './principal.ts'
import { readPauses } from './queue-pauses.service.ts'

export type QueueDeps = Pick<Deps, 'db' | 'transact' | 'queueMonitor'>

/** Counts the jobs of each queue and of the outbox. @throws DomainError DEPENDENCY_UNAVAILABLE without Redis */
export async function readQueues({ db, queueMonitor }: QueueDeps, principal: Principal) {
  assertPermission(principal, 'queue.read')
  const [counts, failed, outbox, pauses] = await Promise.all([
    askRedis(() => queueMonitor.count()),
    countFailedJobs(db),
    readOutboxState(db),
    readPauses({ db }),
  ])
  const queues = counts.map(
    ({ failedSignals, isPaused, ...rest }): QueueView => ({
      ...rest,
      failed: (failed.get(rest.name) ?? 0) + failedSignals,
      paused: isPaused,
      pause: pauses.get(rest.name) ?? null,
    }),
  )
  return { queues, outbox }
}

/**
 * Lists jobs that failed for good, with the reason. Jobs of the outbox are read from Postgres, so they are listed without
 * Redis too. On the first page, failed scheduled runs from BullMQ come before them.
 * @returns `isWhole` is false when Redis could not be asked
 */
export async function listFailed(
  { db, queueMonitor }: QueueDeps,
  principal: Principal,
  name: FailedJobRef['name'],
  query: FailedQuery,
) {
  assertPermission(principal, 'queue.read')
  const { limit, cursor, ...filter } = query
  const isFiltered = filter.reason !== undefined || filter.jobName !== undefined
  const [rows, scheduled] = await Promise.all([
    listFailedJobs(db, name, { ...filter, beforeId: cursor, limit: limit + 1 }),
    cursor === undefined && !isFiltered ? queueMonitor.listFailedSignals(name).catch(() => undefined) : [],
  ])
  const shown = rows.slice(0, limit)
  return {
    jobs: [
      ...(scheduled ?? []).map((job) => toView(job, { isOwed: false })),
      ...shown.map((job) => toView(job, { isOwed: true })),
    ],
    isWhole: scheduled !== undefined,
    pagination: cursorPage({ limit, nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null }),
  }
}

/**
 * Retries a failed job: enqueues it under a new id in the transaction that deletes the failed row. BullMQ ignores an id that
 * it has seen fail, and of several retries at once one gets the row.
 * @returns the new id
 * @throws DomainError NOT_FOUND, CONFLICT when it could never succeed, or another operator was faster
 */
export async function retryFailed(
  deps: QueueDeps,
  principal: Principal,
  { name, jobId }: FailedJobRef,
): Promise<string> {
  assertPermission(principal, 'queue.change')
  if (!isRowId(jobId)) return retrySignal(deps, principal, { name, jobId })
  const retriedAs = await deps.transact(async ({ trx, enqueue, audit }) => {
    const failed = await takeFailedJob(trx, name, jobId)
    if (!failed) throw await whyMissing(trx, { name, jobId })
    const job = findOutboxJob(name, failed.name)
    if (!job?.payload.safeParse(failed.payload).success)
      throw new DomainError('CONFLICT', {
        message: 'This release has no job with this name and payload, so a retry would fail again. Discard the job.',
      })
    // The request that caused the job causes its retry too; the audit event names that of the operator.
    const id = withCause(failed.cause ?? currentCause(), () => enqueue(job, failed.payload))
    audit({
      action: 'job.retried',
      ...target(jobId),
      before: described(name, failed),
      after: { ...commandLineMark(principal), retriedAs: id },
      ...auditActor(principal),
    })
    return id
  })
  await deps.queueMonitor.removeEntry(name, jobId)
  return retriedAs
}

/** Discards a failed job, so that it never runs. @throws DomainError NOT_FOUND, CONFLICT when another operator was faster */
export async function discardFailed(
  deps: QueueDeps,
  principal: Principal,
  { name, jobId }: FailedJobRef,
): Promise<void> {
  assertPermission(principal, 'queue.change')
  if (!isRowId(jobId)) return discardSignal(deps, principal, { name, jobId })
  await deps.transact(async ({ trx, audit }) => {
    const failed = await takeFailedJob(trx, name, jobId)
    if (!failed) throw await whyMissing(trx, { name, jobId })
    const before = described(name, failed)
    audit({
      action: 'job.discarded',
      ...target(jobId),
      before,
      after: commandLineMark(principal),
      ...auditActor(principal),
    })
  })
  await deps.queueMonitor.removeEntry(name, jobId)
}

/**
 * Retries a failed scheduled run. Redis decides which of several requests at once retries it. The audit event follows in a
 * transaction of its own, so a crash in between loses the event.
 */
async function retrySignal(deps: QueueDeps, principal: Principal, { name, jobId }: FailedJobRef): Promise<string> {
  const job = await askRedis(() => deps.queueMonitor.retrySignal(name, jobId))
  if (job === undefined) throw await whyMissing(deps.db, { name, jobId })
  const after = { ...commandLineMark(principal), retriedAs: jobId }
  const before = { queue: name, name: job }
  await deps.transact(async ({ audit }) =>
    audit({ action: 'job.retried', ...target(jobId), before, after, ...auditActor(principal) }),
  )
  return jobId
}

async function discardSignal(deps: QueueDeps, principal: Principal, { name, jobId }: FailedJobRef): Promise<void> {
  const job = await askRedis(() => deps.queueMonitor.discardSignal(name, jobId))
  if (job === undefined) throw await whyMissing(deps.db, { name, jobId })
  const before = { queue: name, name: job }
  await deps.transact(async ({ audit }) =>
    audit({
      action: 'job.discarded',
      ...target(jobId),
      before,
      after: commandLineMark(principal),
      ...auditActor(principal),
    }),
  )
}

const changedAlready = {
  'job.retried': {
    what: 'retried',
    message: 'This job was retried already. Should the new run fail too, it is listed under its new id.',
  },
  'job.discarded': { what: 'discarded', message: 'This job was discarded already: it never runs.' },
  several: {
    what: 'retriedOrDiscarded',
    message:
      'This job is not a failed one. Failed jobs of this queue, maybe also this one, were retried or discarded together.',
  },
} as const satisfies Record<JobChange, { what: DoneAlready; message: string }>

/** Tells why a failed job is not there: another operator was faster, or there never was one. Of a change of several jobs it tells no more than is known. */
async function whyMissing(db: Db | Trx, { name, jobId }: FailedJobRef): Promise<DomainError> {
  const change = await findJobChange(db, { queue: name, jobId })
  if (!change) return new DomainError('NOT_FOUND')
  const { what, message } = changedAlready[change]
  return new DomainError('CONFLICT', { message, details: [detailOf('params.jobId', 'DONE_ALREADY', { what })] })
}

const target = (jobId: string) => ({ targetType: 'job', targetId: jobId })

/** Describes a job for the audit log. Leaves out the reason, which may quote personal data; payloads are ids. */
const described = (queue: string, { name, payload, failedAt }: FailedJob) => ({
  queue,
  name,
  payload,
  failedAt: failedAt.toISOString(),
})

const toView = (job: FailedJob | FailedSignal, { isOwed }: { isOwed: boolean }): FailedJobView => ({
  id: job.id,
  name: job.name,
  payload: hideSecrets(job.payload),
  isPayloadCut: 'isPayloadCut' in job && job.isPayloadCut === true,
  reason: job.reason,
  isOwed,
  requestId: ('cause' in job && job.cause?.requestId) || null,
  createdAt: job.createdAt.toISOString(),
  failedAt: job.failedAt.toISOString(),
})
