import type { Db, Json } from '@muster/db'
import type { RedisClient } from '@muster/redis'
import type { Job, Queue } from 'bullmq'
import { type RawBuilder, sql } from 'kysely'
import type { QueueName } from '../definitions/define-job.ts'
import { causeOfJob } from '../outbox/job-cause.ts'
import { keptJobs } from '../redis/kept-jobs.ts'

/** An outbox row that a request caused: a job whose effect is not committed yet, or which failed. */
export type RowOfRequest = {
  id: string
  queue: QueueName
  name: string
  payload: Json
  createdAt: Date
  runAt: Date | null
  publishedAt: Date | null
  failedAt: Date | null
  reason: string | null
}

/** A job in BullMQ that a request caused. */
export type JobOfRequest = {
  id: string
  queue: QueueName
  name: string
  payload: unknown
  /** BullMQ's: waiting, prioritized, delayed, active, completed or failed. */
  state: string
  /** Runs that counted. */
  attempts: number
  createdAt: Date
  startedAt: Date | null
  endedAt: Date | null
  reason: string | null
}

/**
 * Lists the outbox rows that a request caused. Failed ones, which may be many, have an index by request. Others have none, since they are few
 * and go with their effect; they are read by the indexes of what is to be published and what was, without the failed ones.
 */
export async function listRowsOfRequest(db: Db, requestId: string, limit: number): Promise<RowOfRequest[]> {
  const rowsThat = (condition: RawBuilder<boolean>) =>
    db.selectFrom('outbox').selectAll().where('request_id', '=', requestId).where(condition)
  const rows = await rowsThat(sql`failed_at is not null`)
    .unionAll(rowsThat(sql`failed_at is null and published_at is null`))
    .unionAll(rowsThat(sql`failed_at is null and published_at is not null`))
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    queue: row.queue as QueueName,
    name: row.name,
    payload: row.payload,
    createdAt: row.created_at,
    runAt: row.run_at,
    publishedAt: row.published_at,
    failedAt: row.failed_at,
    reason: row.error,
  }))
}

/** Ids are asked for together, so that a queue with all the jobs that it keeps takes a tenth of a second. */
const batchSize = 500

/**
 * Finds the jobs of one queue in BullMQ that a request caused: those of its outbox rows, and those that have ended since.
 * @param given.since no job of the request has ended before
 */
export async function findJobsOfRequest(
  redis: RedisClient,
  { name, queue }: { name: QueueName; queue: Queue },
  given: { requestId: string; since: Date; rowIds: readonly string[] },
): Promise<JobOfRequest[]> {
  const ended = await Promise.all(
    Object.entries(keptJobs).map(([state, { count }]) =>
      redis.zrevrangebyscore(queue.toKey(state), '+inf', given.since.getTime(), 'LIMIT', 0, count),
    ),
  )
  const ids = [...given.rowIds, ...(await withCauseIn(redis, queue, ended.flat(), given.requestId))]
  const jobs = await Promise.all([...new Set(ids)].map((id): Promise<Job | undefined> => queue.getJob(id)))
  const found = jobs.filter((job) => job !== undefined && causeOfJob(job)?.requestId === given.requestId) as Job[]
  return Promise.all(found.map((job) => describeJob(name, job)))
}

/** Returns the ids of the jobs whose options contain the request. */
async function withCauseIn(redis: RedisClient, queue: Queue, ids: string[], requestId: string): Promise<string[]> {
  const found: string[] = []
  for (let start = 0; start < ids.length; start += batchSize) {
    const batch = ids.slice(start, start + batchSize)
    const pipeline = redis.pipeline()
    for (const id of batch) pipeline.hget(queue.toKey(id), 'opts')
    const answers = (await pipeline.exec()) ?? []
    found.push(...batch.filter((_, index) => String(answers[index]?.[1]).includes(requestId)))
  }
  return found
}

async function describeJob(queue: QueueName, job: Job): Promise<JobOfRequest> {
  const dateOf = (ms: number | undefined) => (ms ? new Date(ms) : null)
  return {
    id: job.id as string,
    queue,
    name: job.name,
    payload: job.data,
    state: await job.getState(),
    attempts: job.attemptsMade,
    createdAt: new Date(job.timestamp),
    startedAt: dateOf(job.processedOn),
    endedAt: dateOf(job.finishedOn),
    reason: job.failedReason ?? null,
  }
}
