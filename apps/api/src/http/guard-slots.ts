import type { Redis } from 'ioredis'

/** What bounds a counter: at most `max` failures and tries under way together, in a window that slides. */
export type SlotRules = {
  max: number
  windowMs: number
  nowMs: number
  /** A try that is not settled by then counts no more: its process died. */
  leaseMs: number
}

/** `full`: failures alone take all slots. `busy`: tries that are still under way take those that are left. */
export type Taking =
  | { outcome: 'taken' | 'counted' }
  | { outcome: 'full'; waitMs: number }
  | { outcome: 'busy'; waitMs: number }

/** Where slots are kept. A slot is a lease while its try is under way, and a failure once that was wrong. */
export type GuardSlots = {
  take(name: string, slot: string, rules: SlotRules): Promise<Taking>
  /** Ends the lease; a failure stays counted for its window. */
  settle(name: string, slot: string, isFailure: boolean, rules: SlotRules): Promise<void>
}

/** Both keys of a counter have its name as hash tag, so that a cluster keeps them in one place. */
const keysOf = (name: string) => [`guard:{${name}}:failed`, `guard:{${name}}:open`] as const

/** KEYS failures, leases; ARGV max, window, now, lease, slot. Scores are when a failure was, and when a lease ends. */
const takeScript = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3] - ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[3])
if redis.call('ZSCORE', KEYS[1], ARGV[5]) then return { 'counted', '0' } end
if redis.call('ZSCORE', KEYS[2], ARGV[5]) then return { 'taken', '0' } end
local failed = redis.call('ZCARD', KEYS[1])
if failed >= tonumber(ARGV[1]) then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return { 'full', tostring(oldest[2] + ARGV[2] - ARGV[3]) }
end
if failed + redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[1]) then return { 'busy', '0' } end
redis.call('ZADD', KEYS[2], ARGV[3] + ARGV[4], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return { 'taken', '0' }`

/** KEYS failures, leases; ARGV window, now, slot, whether it failed. */
const settleScript = `
redis.call('ZREM', KEYS[2], ARGV[3])
if ARGV[4] == '1' then
  redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return 1`

/** Slots in Redis, which all instances share: one atomic script each. */
export function redisSlots(client: Redis): GuardSlots {
  return {
    async take(name, slot, { max, windowMs, nowMs, leaseMs }) {
      const argv = [max, windowMs, nowMs, leaseMs, slot]
      const [outcome, waitMs] = (await client.eval(takeScript, 2, ...keysOf(name), ...argv)) as [
        Taking['outcome'],
        string,
      ]
      return { outcome, waitMs: Number(waitMs) }
    },
    async settle(name, slot, isFailure, { windowMs, nowMs }) {
      await client.eval(settleScript, 2, ...keysOf(name), windowMs, nowMs, slot, isFailure ? '1' : '0')
    },
  }
}

type Counter = { failed: Map<string, number>; open: Map<string, number> }

/** Counters beyond these are forgotten, the least recently used first. */
const maxCounters = 10_000

/** Slots in this process, for while Redis is away; the same rules. */
export function localSlots(): GuardSlots {
  const counters = new Map<string, Counter>()

  /** Puts the counter last, without what is over. */
  const current = (name: string, { windowMs, nowMs }: SlotRules): Counter => {
    const kept = counters.get(name)
    const failed = new Map([...(kept?.failed ?? [])].filter(([, atMs]) => atMs > nowMs - windowMs))
    const open = new Map([...(kept?.open ?? [])].filter(([, untilMs]) => untilMs > nowMs))
    counters.delete(name)
    counters.set(name, { failed, open })
    const [oldest] = counters.keys()
    if (counters.size > maxCounters && oldest !== undefined) counters.delete(oldest)
    return { failed, open }
  }

  return {
    async take(name, slot, rules) {
      const { failed, open } = current(name, rules)
      if (failed.has(slot)) return { outcome: 'counted' }
      if (open.has(slot)) return { outcome: 'taken' }
      const [oldestMs = rules.nowMs] = failed.values()
      if (failed.size >= rules.max) return { outcome: 'full', waitMs: oldestMs + rules.windowMs - rules.nowMs }
      if (failed.size + open.size >= rules.max) return { outcome: 'busy', waitMs: 0 }
      open.set(slot, rules.nowMs + rules.leaseMs)
      return { outcome: 'taken' }
    },
    async settle(name, slot, isFailure, rules) {
      const { failed, open } = current(name, rules)
      open.delete(slot)
      if (isFailure) failed.set(slot, rules.nowMs)
      if (failed.size + open.size === 0) counters.delete(name)
    },
  }
}
