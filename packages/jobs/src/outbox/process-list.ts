import { hostname } from 'node:os'
import type { RedisClient } from '@muster/redis'
import { version } from '@muster/telemetry/version'
import { z } from 'zod'
import type { QueueName } from '../definitions/define-job.ts'

/** A sorted set: each process by the time at which it last announced itself, in milliseconds. */
const key = 'muster:processes'
/** A sorted set: each name of processes by the time at which one of them last ended in order, in milliseconds. */
const endedKey = 'muster:processes-ended'
const announceEveryMs = 5_000
/** Processes that ended long ago are of no interest. */
const keptForMs = 24 * 3_600_000

const announced = z.object({
  name: z.string(),
  host: z.string(),
  pid: z.int(),
  version: z.string(),
  startedAt: z.string(),
})

/** A process as it announced itself, and when it last did. One that ends in order takes itself from the list. */
export type ListedProcess = z.output<typeof announced> & { seenMs: number }

/** A process that has not announced itself for this time is killed, frozen or cut off from Redis. */
export const processSilenceMs = 3 * announceEveryMs

/** Tells whether a process announced itself lately: it runs, unless it was killed a moment ago. */
export const isRunning = ({ seenMs }: Pick<ListedProcess, 'seenMs'>): boolean => Date.now() - seenMs < processSilenceMs

/** Tells whether another process of its kind has started since a silent one was last heard of, and so took its place. */
export const isReplaced = ({ name, seenMs }: ListedProcess, listed: readonly ListedProcess[]): boolean =>
  listed.some((other) => other.name === name && Date.parse(other.startedAt) > seenMs)

/** Returns the name of the process that works a queue. */
export const workerOf = (queue: QueueName) => `${queue}-worker` as const

/** Creates the announcements of this process in the list of all processes that use a Redis. */
export function createAnnouncements(redis: RedisClient, name: string, nowMs: () => number) {
  const startedAt = new Date(nowMs()).toISOString()
  const member = JSON.stringify({ name, host: hostname(), pid: process.pid, version, startedAt })
  let announcedAtMs = Number.NEGATIVE_INFINITY
  return {
    /** Announces this process, at most every five seconds. */
    async announce(): Promise<void> {
      if (performance.now() - announcedAtMs < announceEveryMs) return
      announcedAtMs = performance.now()
      await redis.zadd(key, nowMs(), member)
      await redis.zremrangebyscore(key, '-inf', nowMs() - keptForMs)
    },
    async withdraw(): Promise<void> {
      if (redis.status !== 'ready') return
      await Promise.all([redis.zrem(key, member), redis.zadd(endedKey, nowMs(), name)]).catch(() => {})
    },
  }
}

/** Lists the processes that announced themselves within a day, the newest announcement first. @throws when Redis is unavailable */
export async function listProcesses(redis: RedisClient): Promise<ListedProcess[]> {
  const found = await redis.zrevrange(key, 0, -1, 'WITHSCORES')
  const listed: ListedProcess[] = []
  for (let index = 0; index < found.length; index += 2) {
    const parsed = announced.safeParse(readJson(found[index] ?? ''))
    if (parsed.success) listed.push({ ...parsed.data, seenMs: Number(found[index + 1]) })
  }
  return listed
}

/** Tells when a process of a name last ended in order. @throws when Redis is unavailable */
export async function lastEndOf(redis: RedisClient, name: string): Promise<Date | undefined> {
  const endedMs = await redis.zscore(endedKey, name)
  return endedMs === null ? undefined : new Date(Number(endedMs))
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
