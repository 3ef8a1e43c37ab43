import type { Cause } from '@muster/cause'
import type { Database, Db, Json, Trx } from '@muster/db'
import { isUuid } from '@muster/identifiers'
import { type ExpressionBuilder, type Selectable, sql } from 'kysely'
import { allJobs } from '../definitions/all-jobs.ts'
import type { OutboxJob, QueueName } from '../definitions/define-job.ts'
import { optionsOfCause } from '../outbox/job-cause.ts'

/** A failed job. Its outbox row stays, and is no longer pending, until an operator retries or discards the job. */
export type FailedJob = {
  id: string
  name: string
  payload: Json
  /** The error of the last run, or BullMQ's when the job stalled too often. */
  reason: string | null
  createdAt: Date
  failedAt: Date
  /** The request that enqueued it; undefined when there is none. */
  cause: Cause | undefined
}

/** A failed job as it is shown. */
export type ListedFailedJob = FailedJob & {
  /** Whether the payload is null because it is larger than what is shown. */
  isPayloadCut: boolean
}

/** Payloads are ids; one that is larger was written by something else, and is not worth the wait of who reads a list. */
const maxShownPayloadBytes = 16_384

/** Tells whether this is the id of an outbox row; BullMQ gives other ids to signals, which have no row. */
export const isRowId = (id: string): boolean => isUuid(id)

/** Failed jobs of one reason, of one name, or both. */
export type FailedJobFilter = {
  /** As `failure_reason` gives it: without ids, addresses and long numbers, which differ from job to job. Empty for jobs without a reason. */
  reason?: string | undefined
  jobName?: string | undefined
}

const reasonOfRow = sql<string>`failure_reason(error)`

function failedJobs(eb: ExpressionBuilder<Database, 'outbox'>, queue: QueueName, filter: FailedJobFilter) {
  return eb.and([
    eb('queue', '=', queue),
    eb('failed_at', 'is not', null),
    ...(filter.jobName === undefined ? [] : [eb('name', '=', filter.jobName)]),
    ...(filter.reason === undefined ? [] : [eb(reasonOfRow, '=', filter.reason)]),
  ])
}

/** Counts the failed jobs of a queue that fit the filter. @param filter.afterId leaves out jobs up to this one */
export async function countFailedOf(
  db: Db,
  queue: QueueName,
  filter: FailedJobFilter & { afterId?: string } = {},
): Promise<number> {
  const { count } = await db
    .selectFrom('outbox')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where((eb) => failedJobs(eb, queue, filter))
    .$if(filter.afterId !== undefined, (query) => query.where('id', '>', filter.afterId as string))
    .executeTakeFirstOrThrow()
  return count
}

/** Failed jobs with the same name and reason. */
export type FailedJobGroup = {
  jobName: string
  reason: string
  count: number
  firstFailedAt: Date
  lastFailedAt: Date
}

/**
 * Groups one page of the failed jobs of a queue, in the order of their ids.
 * @returns `lastId` continues with the next page; undefined after the last one
 */
export async function groupFailedJobs(
  db: Db,
  queue: QueueName,
  page: { afterId: string | undefined; limit: number },
): Promise<{ groups: FailedJobGroup[]; lastId: string | undefined }> {
  const rest = db
    .selectFrom('outbox')
    .where((eb) => failedJobs(eb, queue, {}))
    .$if(page.afterId !== undefined, (query) => query.where('id', '>', page.afterId as string))
  const last = await rest
    .select('id')
    .orderBy('id')
    .offset(page.limit - 1)
    .limit(1)
    .executeTakeFirst()
  const groups = await rest
    .$if(last !== undefined, (query) => query.where('id', '<=', last?.id as string))
    .select([
      'name as jobName',
      reasonOfRow.as('reason'),
      (eb) => eb.fn.countAll<number>().as('count'),
      sql<Date>`min(failed_at)`.as('firstFailedAt'),
      sql<Date>`max(failed_at)`.as('lastFailedAt'),
    ])
    .groupBy(['name', reasonOfRow])
    .execute()
  return { groups, lastId: last?.id }
}

/** Locks failed jobs, in the order of their ids, for a transaction that decides what happens to them. Those that another caller has locked are left out. */
export async function lockFailedJobs(
  trx: Trx,
  queue: QueueName,
  page: { afterId: string | undefined; limit: number } & FailedJobFilter,
): Promise<FailedJob[]> {
  const rows = await trx
    .selectFrom('outbox')
    .selectAll()
    .where((eb) => failedJobs(eb, queue, page))
    .$if(page.afterId !== undefined, (query) => query.where('id', '>', page.afterId as string))
    .orderBy('id')
    .limit(page.limit)
    .forUpdate()
    .skipLocked()
    .execute()
  return rows.map(toFailedJob)
}

/** Deletes the rows of failed jobs that the transaction has locked. */
export async function deleteFailedJobs(trx: Trx, ids: readonly string[]): Promise<void> {
  await sql`delete from outbox where id = any(${ids}::uuid[])`.execute(trx)
}

/** Counts the jobs of each queue that failed from the first instant until before the second one, and were neither retried nor discarded. */
export async function countFailedIn(db: Db, from: Date, to: Date): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('outbox')
    .select(['queue', (eb) => eb.fn.countAll<number>().as('failed')])
    .where('failed_at', '>=', from)
    .where('failed_at', '<', to)
    .groupBy('queue')
    .execute()
  return new Map(rows.map(({ queue, failed }) => [queue, failed]))
}

/** Counts the failed jobs of each queue; queues without any are left out. */
export async function countFailedJobs(db: Db): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('outbox')
    .select(['queue', (eb) => eb.fn.countAll<number>().as('failed')])
    .where('failed_at', 'is not', null)
    .groupBy('queue')
    .execute()
  return new Map(rows.map(({ queue, failed }) => [queue, failed]))
}

/** Returns when the first of the failed jobs failed that nobody has retried or discarded; undefined when there are none. */
export async function findFirstFailure(db: Db): Promise<Date | undefined> {
  const row = await db
    .selectFrom('outbox')
    .select('failed_at')
    .where('failed_at', 'is not', null)
    .orderBy('failed_at')
    .limit(1)
    .executeTakeFirst()
  return row?.failed_at ?? undefined
}

/**
 * Lists the failed jobs of a queue that fit the filter, the one that was enqueued last first.
 * @param page.beforeId continues after this job
 */
export async function listFailedJobs(
  db: Db,
  queue: QueueName,
  page: { beforeId: string | undefined; limit: number } & FailedJobFilter,
): Promise<ListedFailedJob[]> {
  // A compressed size that is too large needs no decompression.
  const isCut = sql<boolean>`pg_column_size(payload) > ${maxShownPayloadBytes} or octet_length(payload::text) > ${maxShownPayloadBytes}`
  const rows = await db
    .selectFrom('outbox')
    .select(['id', 'queue', 'name', 'error', 'created_at', 'failed_at', 'run_at', 'published_at', 'request_id'])
    .select([
      'trace_parent',
      isCut.as('isPayloadCut'),
      sql<Json>`case when not (${isCut}) then payload end`.as('payload'),
    ])
    .where((eb) => failedJobs(eb, queue, page))
    .$if(page.beforeId !== undefined, (query) => query.where('id', '<', page.beforeId as string))
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute()
  return rows.map((row) => ({ ...toFailedJob(row), isPayloadCut: row.isPayloadCut }))
}

/**
 * Deletes a failed job's row and returns it; the same transaction decides what happens to the job. Of several callers one
 * gets it.
 * @returns undefined when there is no such failed job, or another caller was faster
 */
export async function takeFailedJob(trx: Trx, queue: QueueName, id: string): Promise<FailedJob | undefined> {
  const row = await trx
    .deleteFrom('outbox')
    .where('id', '=', id)
    .where('queue', '=', queue)
    .where('failed_at', 'is not', null)
    .returningAll()
    .executeTakeFirst()
  return row && toFailedJob(row)
}

/** Finds the definition of a job by its name; undefined for a signal, and for a job that this release does not know. */
export function findOutboxJob(queue: QueueName, name: string): OutboxJob | undefined {
  return allJobs.find((job): job is OutboxJob => job.queue === queue && job.name === name && job.delivery === 'outbox')
}

const toFailedJob = (row: Selectable<Database['outbox']>): FailedJob => ({
  id: row.id,
  name: row.name,
  payload: row.payload,
  reason: row.error,
  createdAt: row.created_at,
  failedAt: row.failed_at as Date,
  cause: optionsOfCause(row).cause,
})
