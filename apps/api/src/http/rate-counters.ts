import type { Redis } from 'ioredis'
import type { SafeRedis } from '../redis.ts'

type Counter = {
  /** Counted here and already told to Redis, plus what the others told. */
  shared: number
  /** Counted here and not told yet. */
  unsent: number
  /** The whole count of the window before, which fades out during this one. */
  previous: number
  windowStartMs: number
  windowMs: number
}

/** Counts of one process that are exchanged with the other instances. */
export type RateCounters = {
  /**
   * Counts one request unless it is too many; who keeps asking does not wait the longer for it.
   * @returns the count of the last `windowMs`, above `max` when this request is too many, and the milliseconds until a
   * refused one would pass or, for one that passes, until the window ends
   */
  count(key: string, limit: { max: number; windowMs: number }, nowMs: number): { current: number; ttl: number }
  /** Sends what was counted since the last exchange and takes over what the others counted. */
  exchange(): Promise<void>
}

const prefix = 'limit:'
/** A caller that invents keys (addresses) must not fill the memory: the oldest windows go first. */
const maxCounters = 100_000
const maxPerExchange = 2_000

/**
 * A sliding window made of two fixed ones: the last one counts by the share of it that still lies within `windowMs`.
 * The fixed ones are aligned to the epoch, so that every instance means the same. No request waits for Redis: each
 * instance counts by itself and exchanges differences. While Redis is away, each instance alone enforces the limit.
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
      const fading = counter.previous * (1 - passedMs / windowMs)
      if (countOf(counter) + fading + 1 > max) return { current: max + 1, ttl: waitMs(counter, max, passedMs) }
      counter.unsent++
      changed.add(key)
      return { current: Math.ceil(countOf(counter) + fading), ttl: windowMs - passedMs }
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

/** How long until one more fits: when enough of the window before has faded, or of this one in the next. */
function waitMs(counter: Counter, max: number, passedMs: number): number {
  const { windowMs, previous } = counter
  const count = countOf(counter)
  const fadedMs = (from: number, room: number) => windowMs * (1 - Math.max(0, room) / from)
  return count < max ? fadedMs(previous, max - 1 - count) - passedMs : windowMs - passedMs + fadedMs(count, max - 1)
}

type Batch = { key: string; counter: Counter; sent: number }[]

async function addAll(client: Redis, batch: Batch): Promise<{ shared: number; previous: number }[]> {
  const pipeline = client.pipeline()
  for (const { key, counter, sent } of batch) {
    const { windowStartMs, windowMs } = counter
    const name = `${prefix}${key}:${windowStartMs}`
    pipeline.incrby(name, sent)
    pipeline.pexpire(name, windowMs * 2)
    pipeline.get(`${prefix}${key}:${windowStartMs - windowMs}`)
  }
  const answers = (await pipeline.exec()) ?? []
  return batch.map((_, index) => {
    const [added, , before] = answers.slice(index * 3, index * 3 + 3)
    const error = added?.[0] ?? before?.[0]
    if (error) throw error
    return { shared: Number(added?.[1]), previous: Number(before?.[1] ?? 0) }
  })
}
