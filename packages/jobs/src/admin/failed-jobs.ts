import type { Cause } from '@muster/cause'
import type { Database, Db, Json, Trx } from '@muster/db'
import { isUuid } from '@muster/identifiers'
import type { Selectable } from 'kysely'
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

/** Tells whether this is the id of an outbox row; BullMQ gives other ids to signals, which have no row. */
export const isRowId = (id: string): boolean => isUuid(id)

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

/**
 * Lists the failed jobs of a queue, the one that was enqueued last first.
 * @param page.beforeId continues after this job
 */
export async function listFailedJobs(
  db: Db,
  queue: QueueName,
  page: { beforeId: string | undefined; limit: number },
): Promise<FailedJob[]> {
  const rows = await db
    .selectFrom('outbox')
    .selectAll()
    .where('queue', '=', queue)
    .where('failed_at', 'is not', null)
    .$if(page.beforeId !== undefined, (query) => query.where('id', '<', page.beforeId as string))
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute()
  return rows.map(toFailedJob)
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
