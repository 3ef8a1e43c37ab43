import { once } from 'node:events'
import { type Clock, systemClock } from '@muster/db'
import type { Job, Queue } from 'bullmq'
import { failFastRedis, openQueue } from './connection.ts'
import { type QueueName, queueNames } from './define-job.ts'
import { isRowId } from './failed-jobs.ts'

export type QueueCounts = {
  name: QueueName
  waiting: number
  active: number
  delayed: number
  completed: number
  /** Failed hints: a failed job that is owed has its row, and counts there. */
  failedHints: number
  isPaused: boolean
  /** Since the longest waiting job was handed over; 0 when none waits. */
  oldestWaitingMs: number
}

/** A failed job of which only BullMQ knows: it was owed to nobody. */
export type FailedHint = { id: string; name: string; payload: unknown; reason: string; createdAt: Date; failedAt: Date }

/** BullMQ's side of the queues, for people who watch over them. Every function throws while Redis is away. */
export type QueueMonitor = {
  /** BullMQ's own objects, one a queue. */
  queues(): Promise<ReadonlyMap<QueueName, Queue>>
  count(): Promise<QueueCounts[]>
  /** The newest first, at most a hundred. */
  listFailedHints(name: QueueName): Promise<FailedHint[]>
  /** Has a failed hint run again. @returns its name; undefined when it has not failed, or somebody was faster */
  retryHint(name: QueueName, id: string): Promise<string | undefined>
  /** Forgets a failed hint. @returns its name; undefined when it has not failed, or somebody was faster */
  discardHint(name: QueueName, id: string): Promise<string | undefined>
  /** Forgets what BullMQ keeps of a job whose row was taken. Never throws: it is nothing but tidiness. */
  forget(name: QueueName, id: string): Promise<void>
  close(): void
}

const maxListedHints = 100

/**
 * Opens a connection of its own, so that nobody else waits behind what people look at.
 * @param options.patienceMs how long one command, or the connection, is waited for
 */
export function openQueueMonitor(
  redisUrl: string,
  { patienceMs, clock = systemClock }: { patienceMs: number; clock?: Clock },
): QueueMonitor {
  const redis = failFastRedis(redisUrl, { commandTimeout: patienceMs })
  let opened: Promise<ReadonlyMap<QueueName, Queue>> | undefined

  const open = async () => {
    if (redis.status !== 'ready') await once(redis, 'ready', { signal: AbortSignal.timeout(patienceMs) })
    return new Map(await Promise.all(queueNames.map(async (name) => [name, await openQueue(name, redis)] as const)))
  }
  const queues = () => {
    opened ??= open().catch((error: unknown) => {
      // What could not be opened is opened anew the next time.
      opened = undefined
      throw error
    })
    return opened
  }
  const queueOf = async (name: QueueName) => (await queues()).get(name) as Queue

  return {
    queues,
    count: async () => Promise.all([...(await queues())].map(([name, queue]) => countJobs(name, queue, clock))),
    listFailedHints: async (name) => listHints(await queueOf(name)),
    async retryHint(name, id) {
      const job = await findFailedHint(await queueOf(name), id)
      return job && (await happens(() => job.retry())) ? job.name : undefined
    },
    async discardHint(name, id) {
      const queue = await queueOf(name)
      const job = await findFailedHint(queue, id)
      // BullMQ's own `remove` does not tell whether there was anything to remove.
      if (!job || (await redis.zrem(queue.toKey('failed'), id)) === 0) return undefined
      await queue.remove(id)
      return job.name
    },
    async forget(name, id) {
      await queueOf(name)
        .then((queue) => queue.remove(id))
        .catch(() => {})
    },
    close: () => redis.disconnect(),
  }
}

async function countJobs(name: QueueName, queue: Queue, clock: Clock): Promise<QueueCounts> {
  const [counts, isPaused, failedIds, oldestWaitingMs] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'completed'),
    queue.isPaused(),
    queue.getRanges(['failed'], 0, -1),
    ageOfOldest(queue, clock),
  ])
  const { waiting = 0, prioritized = 0, active = 0, delayed = 0, completed = 0 } = counts
  const failedHints = failedIds.filter((id) => !isRowId(id)).length
  return { name, waiting: waiting + prioritized, active, delayed, completed, failedHints, isPaused, oldestWaitingMs }
}

async function ageOfOldest(queue: Queue, clock: Clock): Promise<number> {
  const [oldest] = await queue.getWaiting(0, 0)
  return oldest ? Math.max(0, clock.now().getTime() - oldest.timestamp) : 0
}

async function listHints(queue: Queue): Promise<FailedHint[]> {
  const ids = (await queue.getRanges(['failed'], 0, -1)).filter((id) => !isRowId(id)).slice(0, maxListedHints)
  const jobs = await Promise.all(ids.map((id): Promise<Job | undefined> => queue.getJob(id)))
  return jobs
    .filter((job) => job !== undefined)
    .map((job) => ({
      id: job.id as string,
      name: job.name,
      payload: job.data,
      reason: job.failedReason,
      createdAt: new Date(job.timestamp),
      failedAt: new Date(job.finishedOn ?? job.timestamp),
    }))
}

async function findFailedHint(queue: Queue, id: string): Promise<Job | undefined> {
  if (isRowId(id)) return undefined
  const job: Job | undefined = await queue.getJob(id)
  return job && (await job.isFailed()) ? job : undefined
}

/** What BullMQ answers when a job is gone, or in another state by now. */
const missedCodes = new Set([-1, -3])

/** @returns false when somebody was faster */
async function happens(command: () => Promise<void>): Promise<boolean> {
  try {
    await command()
    return true
  } catch (error) {
    if (missedCodes.has((error as { code?: number }).code ?? 0)) return false
    throw error
  }
}
