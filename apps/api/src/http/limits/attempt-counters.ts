import type { RedisClient } from '@muster/redis'

/** The bound of a counter: at most `max` failures and attempts in progress together, in a sliding window. */
export type AttemptRules = {
  max: number
  windowMs: number
  nowMs: number
  /** An attempt that is not settled within this time no longer counts: its process died. */
  leaseMs: number
}

/**
 * `counted`: the attempt failed before. `exhausted`: failures alone reach the maximum. `busy`: failures and attempts in
 * progress reach it together.
 */
export type Reservation =
  | { outcome: 'reserved' | 'counted' }
  | { outcome: 'exhausted'; waitMs: number }
  | { outcome: 'busy'; waitMs: number }

/** Counts the attempts of each key. An attempt is a lease while it is in progress, and a failure after it failed. */
export type AttemptCounters = {
  /** Reserves a slot for the attempt. A repeated call with the same attempt changes nothing. */
  reserve(key: string, attemptId: string, rules: AttemptRules): Promise<Reservation>
  /** Ends the lease. A failure stays counted for the window. */
  settle(key: string, attemptId: string, isFailure: boolean, rules: AttemptRules): Promise<void>
}

/** Both Redis keys of a counter share a hash tag, so that a cluster keeps them in one slot. */
const redisKeysOf = (key: string) => [`guard:{${key}}:failed`, `guard:{${key}}:open`] as const

/** KEYS failures, leases; ARGV max, window, now, lease, attempt. Scores: the time of a failure, the expiry of a lease. */
const reserveScript = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3] - ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[3])
if redis.call('ZSCORE', KEYS[1], ARGV[5]) then return { 'counted', '0' } end
if redis.call('ZSCORE', KEYS[2], ARGV[5]) then return { 'reserved', '0' } end
local failed = redis.call('ZCARD', KEYS[1])
if failed >= tonumber(ARGV[1]) then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return { 'exhausted', tostring(oldest[2] + ARGV[2] - ARGV[3]) }
end
if failed + redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[1]) then return { 'busy', '0' } end
redis.call('ZADD', KEYS[2], ARGV[3] + ARGV[4], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return { 'reserved', '0' }`

/** KEYS failures, leases; ARGV window, now, attempt, whether it failed. */
const settleScript = `
redis.call('ZREM', KEYS[2], ARGV[3])
if ARGV[4] == '1' then
  redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return 1`

/** Creates counters in Redis, which all instances share. Each call is one atomic script. */
export function redisAttemptCounters(client: RedisClient): AttemptCounters {
  return {
    async reserve(key, attemptId, { max, windowMs, nowMs, leaseMs }) {
      const argv = [max, windowMs, nowMs, leaseMs, attemptId]
      const [outcome, waitMs] = (await client.eval(reserveScript, 2, ...redisKeysOf(key), ...argv)) as [
        Reservation['outcome'],
        string,
      ]
      return { outcome, waitMs: Number(waitMs) }
    },
    async settle(key, attemptId, isFailure, { windowMs, nowMs }) {
      await client.eval(settleScript, 2, ...redisKeysOf(key), windowMs, nowMs, attemptId, isFailure ? '1' : '0')
    },
  }
}

type Counter = { failures: Map<string, number>; leases: Map<string, number> }

/** Above this number the least recently used counter is removed. */
const maxCounters = 10_000

/** Creates counters in the memory of this process, with the same rules, for the time while Redis is unavailable. */
export function localAttemptCounters(): AttemptCounters {
  const counters = new Map<string, Counter>()

  /** Returns the counter without expired entries, and makes it the most recently used one. */
  const current = (key: string, { windowMs, nowMs }: AttemptRules): Counter => {
    const kept = counters.get(key)
    const failures = new Map([...(kept?.failures ?? [])].filter(([, atMs]) => atMs > nowMs - windowMs))
    const leases = new Map([...(kept?.leases ?? [])].filter(([, untilMs]) => untilMs > nowMs))
    counters.delete(key)
    counters.set(key, { failures, leases })
    const [oldest] = counters.keys()
    if (counters.size > maxCounters && oldest !== undefined) counters.delete(oldest)
    return { failures, leases }
  }

  return {
    async reserve(key, attemptId, rules) {
      const { failures, leases } = current(key, rules)
      if (failures.has(attemptId)) return { outcome: 'counted' }
      if (leases.has(attemptId)) return { outcome: 'reserved' }
      const [oldestMs = rules.nowMs] = failures.values()
      if (failures.size >= rules.max) return { outcome: 'exhausted', waitMs: oldestMs + rules.windowMs - rules.nowMs }
      if (failures.size + leases.size >= rules.max) return { outcome: 'busy', waitMs: 0 }
      leases.set(attemptId, rules.nowMs + rules.leaseMs)
      return { outcome: 'reserved' }
    },
    async settle(key, attemptId, isFailure, rules) {
      const { failures, leases } = current(key, rules)
      leases.delete(attemptId)
      if (isFailure) failures.set(attemptId, rules.nowMs)
      if (failures.size + leases.size === 0) counters.delete(key)
    },
  }
}
