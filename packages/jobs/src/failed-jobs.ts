import type { Database, Db, Json, Trx } from '@muster/db'
import type { Selectable } from 'kysely'
import { allJobs } from './catalogue.ts'
import type { OwedJob, QueueName } from './define-job.ts'

/** A job that failed for good. Its row stays, owed to nobody, until somebody takes it. */
export type FailedJob = {
  id: string
  name: string
  payload: Json
  /** What the last run, or whoever gave it up, said. */
  reason: string | null
  createdAt: Date
  failedAt: Date
}

/** Whether this is the id of a row; BullMQ gives what has none ids of its own. */
export const isRowId = (id: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)

/** How many jobs of each queue failed for good; queues without any are left out. */
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
 * Jobs of the queue that failed for good, the newest order first.
 * @param page.beforeId goes on behind this one
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
 * Takes a failed job away: whatever becomes of it is up to the same transaction. Of many who want it one gets it.
 * @returns undefined when there is none, or somebody was faster
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

/** The definition of a job by its name; undefined for a hint, and for one that this release does not know. */
export function findOwedJob(queue: QueueName, name: string): OwedJob | undefined {
  return allJobs.find((job): job is OwedJob => job.queue === queue && job.name === name && job.delivery === 'owed')
}

const toFailedJob = ({
  id,
  name,
  payload,
  error,
  created_at,
  failed_at,
}: Selectable<Database['outbox']>): FailedJob => ({
  id,
  name,
  payload,
  reason: error,
  createdAt: created_at,
  failedAt: failed_at as Date,
})
