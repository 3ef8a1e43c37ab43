import type { RedisClient } from '@muster/redis'
import type { SafeRedis } from '../../redis.ts'

type Counter = {
  /** The count that Redis knows: this instance's share of it, and that of the other instances. */
  shared: number
  /** Counted by this instance since the last exchange. */
  unsent: number
  /** The count of the previous window, whose weight falls to 0 during this one. */
  previous: number
  windowStartMs: number
  windowMs: number
}

/** Counts of this process, which it exchanges with the other instances. */
export type RateCounters = {
  /**
   * Counts a request, unless it exceeds `max`: refused requests do not prolong the wait.
   * @returns `current`: the count of the last `windowMs`, above `max` when this request exceeds it. `ttl`: milliseconds until
   * a refused request would pass or, for one that passes, until the window ends
   */
  count(key: string, limit: { max: number; windowMs: number }, nowMs: number): { current: number; ttl: number }
  /** Adds the counts since the last exchange to Redis, and reads those of the other instances. */
  exchange(): Promise<void>
}

const prefix = 'limit:'
/** Bounds the memory when a caller invents keys (addresses): the oldest window is removed first. */
const maxCounters = 100_000
const maxPerExchange = 2_000

/**
 * Creates counters of a sliding window, approximated by two fixed ones: the previous window counts by the share of it that
 * still lies within `windowMs`. Fixed windows are aligned to the epoch, so that all instances have the same ones. No request
 * waits for Redis: each instance counts by itself and exchanges differences. While Redis is unavailable, each instance
 * enforces the limit alone.
 */
export function createRateCounters(redis: SafeRedis): RateCounters {
  const counters = new Map<string, Counter>()
  const changed = new Set<string>()

  const counterOf = (key: string, windowMs: number, windowStartMs: number): Counter => {
    const known = counters.get(key)
    if (known?.windowStartMs === windowStartMs) return known
    const isNext = known?.windowStartMs === windowStartMs - windowMs
    const counter = { shared: 0, unsent: 0, previous: isNext ? countOf(known) : 0, windowStartMs, windowMs }
    counters.delete(key)
    counters.set(key, counter)
    if (counters.size > maxCounters) counters.delete(counters.keys().next().value as string)
    return counter
  }

  return {
    count(key, { max, windowMs }, nowMs) {
      const passedMs = nowMs % windowMs
      const counter = counterOf(key, windowMs, nowMs - passedMs)
      const weighted = counter.previous * (1 - passedMs / windowMs)
      if (countOf(counter) + weighted + 1 > max) return { current: max + 1, ttl: waitMs(counter, max, passedMs) }
      counter.unsent++
      changed.add(key)
      return { current: Math.ceil(countOf(counter) + weighted), ttl: windowMs - passedMs }
    },

    async exchange() {
      if (changed.size === 0) return
      const batch = [...changed].slice(0, maxPerExchange).flatMap((key) => {
        changed.delete(key)
        const counter = counters.get(key)
        return counter && counter.unsent > 0 ? [{ key, counter, sent: counter.unsent }] : []
      })
      const totals = await redis.attempt((client) => addAll(client, batch), undefined)
      batch.forEach(({ key, counter, sent }, index) => {
        const total = totals?.[index]
        if (total === undefined) {
          changed.add(key)
          return
        }
        counter.shared = total.shared
        counter.previous = Math.max(counter.previous, total.previous)
        counter.unsent -= sent
      })
    },
  }
}

const countOf = ({ shared, unsent }: Counter) => shared + unsent

/** Returns how long until one more request fits: when the previous window has lost enough weight, or this one in the next. */
function waitMs(counter: Counter, max: number, passedMs: number): number {
  const { windowMs, previous } = counter
  const count = countOf(counter)
  const fadedMs = (from: number, room: number) => windowMs * (1 - Math.max(0, room) / from)
  return count < max ? fadedMs(previous, max - 1 - count) - passedMs : windowMs - passedMs + fadedMs(count, max - 1)
}

type Batch = { key: string; counter: Counter; sent: number }[]

/**
 * Adds the counts of the batch to Redis. The connection sends the commands of one moment together, to each node of a cluster those of
 * its keys.
 * @returns the totals of both windows, in the order of the batch
 */
const addAll = (client: RedisClient, batch: Batch): Promise<{ shared: number; previous: number }[]> =>
  Promise.all(
    batch.map(async ({ key, counter: { windowStartMs, windowMs }, sent }) => {
      const name = `${prefix}${key}:${windowStartMs}`
      const [shared, , previous] = await Promise.all([
        client.incrby(name, sent),
        client.pexpire(name, windowMs * 2),
        client.get(`${prefix}${key}:${windowStartMs - windowMs}`),
      ])
      return { shared, previous: Number(previous ?? 0) }
    }),
  )
