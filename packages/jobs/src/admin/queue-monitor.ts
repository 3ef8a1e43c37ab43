import { once } from 'node:events'
import { type Clock, systemClock } from '@muster/db'
import { failFastRedis, lastErrorOf, type RedisClient, type RedisSettings } from '@muster/redis'
import type { Job, Queue } from 'bullmq'
import { type QueueName, queueNames } from '../definitions/define-job.ts'
import { type ListedProcess, lastEndOf, listProcesses, workerOf } from '../outbox/process-list.ts'
import { keptJobs } from '../redis/kept-jobs.ts'
import { openQueue } from '../redis/queue.ts'
import { isRowId } from './failed-jobs.ts'
import { findJobsOfRequest, type JobOfRequest } from './jobs-of-request.ts'
import { type QueueDepth, readQueueDepth } from './queue-depth.ts'

export type QueueCounts = {
  name: QueueName
  waiting: number
  active: number
  delayed: number
  completed: number
  /** Failed signals: other failed jobs have an outbox row, and are counted by it. */
  failedSignals: number
  isPaused: boolean
  /** The time since the longest-waiting job was published or became due; 0 when no job waits. */
  oldestWaitingMs: number
}

/** A failed signal, which only BullMQ knows: it has no outbox row. */
export type FailedSignal = {
  id: string
  name: string
  payload: unknown
  reason: string
  createdAt: Date
  failedAt: Date
}

/** Jobs of one queue that ended in a span of time. */
export type EndedJobs = {
  /** Of more than BullMQ keeps, as many as there would be at the rate of those that it keeps. */
  completed: number
  failed: number
}

/** Reads and changes the queues in BullMQ, for administrators. Unless noted, functions throw without Redis. */
export type QueueMonitor = {
  /** BullMQ's own objects, one a queue. */
  queues(): Promise<ReadonlyMap<QueueName, Queue>>
  count(): Promise<QueueCounts[]>
  /** Counts the jobs of each queue that ended since then, also those that failed; of the last 10,000 that succeeded. */
  countEnded(sinceMs: number): Promise<Record<QueueName, number>>
  /** Counts the jobs of each queue that ended from the first instant until before the second one. */
  readEnded(fromMs: number, toMs: number): Promise<Record<QueueName, EndedJobs>>
  /** Pauses a queue: jobs in progress end, and others wait until it is resumed. Pausing a paused one changes nothing. */
  pause(name: QueueName): Promise<void>
  resume(name: QueueName): Promise<void>
  isPaused(name: QueueName): Promise<boolean>
  /** Lists the processes that announced themselves within a day. */
  processes(): Promise<ListedProcess[]>
  /** Tells when a worker of a queue last ended in order. */
  lastEndOfWorker(name: QueueName): Promise<Date | undefined>
  /** Asks Redis for a reply. */
  ping(): Promise<void>
  /** Counts what is to be done now. @param jobIds ids of outbox rows by queue, of which `unknown` counts those not in BullMQ */
  readDepths(jobIds: ReadonlyMap<QueueName, readonly string[]>): Promise<Record<QueueName, QueueDepth>>
  /** Finds the jobs that a request caused, by the ids of its outbox rows, and among those that have ended `since` then. */
  findJobsOf(requestId: string, given: { since: Date; rowIds: readonly string[] }): Promise<JobOfRequest[]>
  /** Lists failed signals, the newest first, at most a hundred. */
  listFailedSignals(name: QueueName): Promise<FailedSignal[]>
  /** Retries a failed signal. @returns its name; undefined when it has not failed, or another caller was faster */
  retrySignal(name: QueueName, id: string): Promise<string | undefined>
  /** Deletes a failed signal. @returns its name; undefined when it has not failed, or another caller was faster */
  discardSignal(name: QueueName, id: string): Promise<string | undefined>
  /** Removes BullMQ's entry of a job whose outbox row was taken. Never throws: nothing depends on it. */
  removeEntry(name: QueueName, id: string): Promise<void>
  /** Removes the entries of many jobs, as {@link removeEntry} does. */
  removeEntries(name: QueueName, ids: readonly string[]): Promise<void>
  close(): void
}

const maxListedSignals = 100
const removedAtOnce = 200
/** Need not exist: any reply tells that Redis answers. */
const probedKey = 'muster:ping'

/**
 * Opens a monitor with a connection of its own, so that nothing else waits behind an administrator's long answers.
 * @param options.patienceMs the longest wait for one command, or for the connection
 */
export function openQueueMonitor(
  redisSettings: RedisSettings,
  { patienceMs, clock = systemClock }: { patienceMs: number; clock?: Clock },
): QueueMonitor {
  const redis = failFastRedis(redisSettings, { commandTimeout: patienceMs })
  let opened: Promise<ReadonlyMap<QueueName, Queue>> | undefined

  const open = async () => {
    if (redis.status !== 'ready') await once(redis, 'ready', { signal: AbortSignal.timeout(patienceMs) })
    return new Map(await Promise.all(queueNames.map(async (name) => [name, await openQueue(name, redis)] as const)))
  }
  const queues = () => {
    opened ??= open().catch((error: unknown) => {
      // The next call opens them again.
      opened = undefined
      throw lastErrorOf(redis) ?? error
    })
    return opened
  }
  const queueOf = async (name: QueueName) => (await queues()).get(name) as Queue

  async function removeEach(name: QueueName, ids: readonly string[]): Promise<void> {
    try {
      const queue = await queueOf(name)
      for (let start = 0; start < ids.length; start += removedAtOnce)
        await Promise.all(ids.slice(start, start + removedAtOnce).map((id) => queue.remove(id)))
    } catch {
      // Nothing depends on it: BullMQ removes the entries itself when they are old.
    }
  }

  return {
    queues,
    count: async () => Promise.all([...(await queues())].map(([name, queue]) => countJobs(redis, name, queue, clock))),
    async countEnded(sinceMs) {
      const count = async (name: QueueName, queue: Queue) => {
        const sets = ['completed', 'failed'].map((state) => redis.zcount(queue.toKey(state), sinceMs, '+inf'))
        const [completed = 0, failed = 0] = await Promise.all(sets)
        return [name, completed + failed] as const
      }
      const counts = await Promise.all([...(await queues())].map(([name, queue]) => count(name, queue)))
      return Object.fromEntries(counts) as Record<QueueName, number>
    },
    async readEnded(fromMs, toMs) {
      const read = async (name: QueueName, queue: Queue) =>
        [name, await countEndedIn(redis, queue, { fromMs, toMs })] as const
      const ended = await Promise.all([...(await queues())].map(([name, queue]) => read(name, queue)))
      return Object.fromEntries(ended) as Record<QueueName, EndedJobs>
    },
    pause: async (name) => (await queueOf(name)).pause(),
    resume: async (name) => (await queueOf(name)).resume(),
    isPaused: async (name) => (await queueOf(name)).isPaused(),
    async processes() {
      await queues()
      return listProcesses(redis)
    },
    async lastEndOfWorker(name) {
      await queues()
      return lastEndOf(redis, workerOf(name))
    },
    async ping() {
      try {
        await queues()
        await redis.get(probedKey)
      } catch (error) {
        throw lastErrorOf(redis) ?? error
      }
    },
    async readDepths(jobIds) {
      const nowMs = clock.now().getTime()
      const read = async (name: QueueName, queue: Queue) =>
        [name, await readQueueDepth(redis, queue, { nowMs, jobIds: jobIds.get(name) ?? [] })] as const
      try {
        const depths = await Promise.all([...(await queues())].map(([name, queue]) => read(name, queue)))
        return Object.fromEntries(depths) as Record<QueueName, QueueDepth>
      } catch (error) {
        throw lastErrorOf(redis) ?? error
      }
    },
    async findJobsOf(requestId, given) {
      const all = [...(await queues())].map(([name, queue]) =>
        findJobsOfRequest(redis, { name, queue }, { requestId, ...given }),
      )
      return (await Promise.all(all)).flat()
    },
    listFailedSignals: async (name) => listSignals(redis, await queueOf(name)),
    async retrySignal(name, id) {
      const job = await findFailedSignal(await queueOf(name), id)
      return job && (await isDone(() => job.retry())) ? job.name : undefined
    },
    async discardSignal(name, id) {
      const queue = await queueOf(name)
      const job = await findFailedSignal(queue, id)
      // BullMQ's own `remove` does not say whether it removed anything.
      if (!job || (await redis.zrem(queue.toKey('failed'), id)) === 0) return undefined
      await queue.remove(id)
      return job.name
    },
    removeEntry: (name, id) => removeEach(name, [id]),
    removeEntries: removeEach,
    close: () => redis.disconnect(),
  }
}

/** Counts by the times in BullMQ's sets. The set of completed jobs keeps the last ones alone, so a fast queue fills it within the span. */
async function countEndedIn(
  redis: RedisClient,
  queue: Queue,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<EndedJobs> {
  const [completedKey, failedKey] = [queue.toKey('completed'), queue.toKey('failed')]
  const [found, failed, kept, oldest] = await Promise.all([
    redis.zcount(completedKey, `${fromMs}`, `(${toMs}`),
    redis.zcount(failedKey, `${fromMs}`, `(${toMs}`),
    redis.zcard(completedKey),
    redis.zrange(completedKey, '0', '0', 'WITHSCORES'),
  ])
  const oldestMs = Number(oldest[1] ?? 0)
  const isCut = kept >= keptJobs.completed.count && oldestMs > fromMs && oldestMs < toMs
  const completed = isCut ? Math.round((found * (toMs - fromMs)) / (toMs - oldestMs)) : found
  return { completed, failed }
}

async function countJobs(redis: RedisClient, name: QueueName, queue: Queue, clock: Clock): Promise<QueueCounts> {
  const nowMs = clock.now().getTime()
  const [depth, counts, isPaused, signals] = await Promise.all([
    readQueueDepth(redis, queue, { nowMs }),
    queue.getJobCounts('completed'),
    queue.isPaused(),
    readFailedSignals(redis, queue, { limit: 0 }),
  ])
  const { completed = 0 } = counts
  return {
    name,
    waiting: depth.waiting + depth.prioritized,
    active: depth.active,
    delayed: depth.delayed,
    completed,
    failedSignals: signals.count,
    isPaused,
    oldestWaitingMs: depth.oldestMs,
  }
}

/**
 * Finds the failed signals among all failed jobs, up to 10,000 of which BullMQ keeps. Redis looks through their ids, those of outbox rows have the
 * length and the hyphens of a UUID: to send and read all of them took 25 ms of the API.
 */
const signalsScript = `
local count, newest, limit, byte = 0, {}, tonumber(ARGV[1]), string.byte
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, -1)) do
  if #id ~= 36 or byte(id, 9) ~= 45 or byte(id, 14) ~= 45 or byte(id, 19) ~= 45 or byte(id, 24) ~= 45 then
    count = count + 1
    if count <= limit then newest[count] = id end
  end
end
return { count, newest }`

async function readFailedSignals(
  redis: RedisClient,
  queue: Queue,
  { limit }: { limit: number },
): Promise<{ count: number; newest: string[] }> {
  const [count, newest] = (await redis.eval(signalsScript, 1, queue.toKey('failed'), limit)) as [number, string[]]
  return { count, newest }
}

async function listSignals(redis: RedisClient, queue: Queue): Promise<FailedSignal[]> {
  const { newest: ids } = await readFailedSignals(redis, queue, { limit: maxListedSignals })
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

async function findFailedSignal(queue: Queue, id: string): Promise<Job | undefined> {
  if (isRowId(id)) return undefined
  const job: Job | undefined = await queue.getJob(id)
  return job && (await job.isFailed()) ? job : undefined
}

/** BullMQ's error codes for a job that was removed, or has another state by now. */
const missedCodes = new Set([-1, -3])

/** Runs a command on a failed job. @returns false when another caller was faster */
async function isDone(command: () => Promise<void>): Promise<boolean> {
  try {
    await command()
    return true
  } catch (error) {
    if (missedCodes.has((error as { code?: number }).code ?? 0)) return false
    throw error
  }
}
