import type { Redis } from 'ioredis'
import type { SafeRedis } from '../redis.ts'

type Counter = {
  /** Counted here and already told to Redis, plus what the others told. */
  shared: number
  /** Counted here and not told yet. */
  unsent: number
  windowStartMs: number
  windowMs: number
}

/** Counts of one process that are exchanged with the other instances. */
export type DeltaCounters = {
  /** Counts one request. @returns the count within the window, and the milliseconds until it ends */
  count(key: string, windowMs: number, nowMs: number): { current: number; ttl: number }
  /** Sends what was counted since the last exchange and takes over what the others counted. */
  exchange(): Promise<void>
}

const prefix = 'limit:'
/** A caller that invents keys (addresses) must not fill the memory: the oldest windows go first. */
const maxCounters = 100_000
const maxPerExchange = 2_000

/**
 * Fixed windows aligned to the epoch, so that every instance means the same one. No request waits for Redis: each
 * instance counts by itself and exchanges differences. While Redis is away, each instance alone enforces the limit.
 */
export function createDeltaCounters(redis: SafeRedis): DeltaCounters {
  const counters = new Map<string, Counter>()
  const changed = new Set<string>()

  return {
    count(key, windowMs, nowMs) {
      const windowStartMs = nowMs - (nowMs % windowMs)
      let counter = counters.get(key)
      if (!counter || counter.windowStartMs !== windowStartMs) {
        counter = { shared: 0, unsent: 0, windowStartMs, windowMs }
        counters.delete(key)
        counters.set(key, counter)
        if (counters.size > maxCounters) counters.delete(counters.keys().next().value as string)
      }
      counter.unsent++
      changed.add(key)
      return { current: counter.shared + counter.unsent, ttl: windowStartMs + windowMs - nowMs }
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
        counter.shared = total
        counter.unsent -= sent
      })
    },
  }
}

async function addAll(client: Redis, batch: { key: string; counter: Counter; sent: number }[]): Promise<number[]> {
  const pipeline = client.pipeline()
  for (const { key, counter, sent } of batch) {
    const name = `${prefix}${key}:${counter.windowStartMs}`
    pipeline.incrby(name, sent)
    pipeline.pexpire(name, counter.windowMs)
  }
  const answers = (await pipeline.exec()) ?? []
  return batch.map((_, index) => {
    const [error, total] = answers[index * 2] ?? []
    if (error) throw error
    return Number(total)
  })
}
