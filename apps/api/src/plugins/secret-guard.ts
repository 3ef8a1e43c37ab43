import { randomUUID } from 'node:crypto'
import type { Clock } from '@muster/db'
import type { Redis } from 'ioredis'
import type { Config } from '../config.ts'
import type { SafeRedis } from '../redis.ts'
import { type GuardLimitName, guardLimits, scaled } from './limits.ts'
import { rateLimited } from './rate-limits.ts'

/** Bounds the tries at a secret, also when they come all at once. */
export type SecretGuard = {
  /**
   * Takes one of the limit's slots before the secret is checked. Give it back when the check succeeded; a slot that
   * stays taken is a failure. Tries that name the same `slot` are one: those that race for one thing count once.
   * @throws DomainError RATE_LIMITED when none is left
   */
  reserve(limit: GuardLimitName, key: string, slot?: string): Promise<{ giveBack(): Promise<void> }>
}

/** KEYS[1] counter, ARGV: max, window in ms, now in ms, slot. A sliding window: members are slots, scores their times. */
const reserveScript = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3] - ARGV[2])
if redis.call('ZSCORE', KEYS[1], ARGV[4]) then return { 1, '0' } end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return { 0, tostring(oldest[2] + ARGV[2] - ARGV[3]) }
end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 1, '0' }`

/** One atomic Redis script per try; while Redis is away each instance counts by itself. */
export function createSecretGuard({
  redis,
  config,
  clock,
}: {
  redis: SafeRedis
  config: Config
  clock: Clock
}): SecretGuard {
  /** Per counter its slots and when they were taken. */
  const local = new Map<string, Map<string, number>>()

  const reserveLocally = (name: string, slot: string, max: number, windowMs: number, nowMs: number) => {
    const taken = new Map([...(local.get(name) ?? [])].filter(([, atMs]) => atMs > nowMs - windowMs))
    local.set(name, taken)
    const [oldestMs = nowMs] = taken.values()
    if (taken.size >= max && !taken.has(slot)) return [0, String(oldestMs + windowMs - nowMs)] as const
    taken.set(slot, nowMs)
    return [1, '0'] as const
  }

  return {
    async reserve(limit, key, slot = randomUUID()) {
      const { windowMs } = guardLimits[limit]
      const max = scaled(guardLimits[limit], config.rateLimitScale)
      const nowMs = clock.now().getTime()
      const name = `guard:${limit}:${key}`
      const script = (client: Redis) =>
        client.eval(reserveScript, 1, name, max, windowMs, nowMs, slot) as Promise<[number, string]>
      const shared = await redis.attempt<[number, string] | undefined>(script, undefined)
      const [isTaken, waitMs] = shared ?? reserveLocally(name, slot, max, windowMs, nowMs)
      if (!isTaken) throw rateLimited(Number(waitMs))
      return {
        async giveBack() {
          if (shared) return void (await redis.attempt((client) => client.zrem(name, slot), 0))
          const taken = local.get(name)
          taken?.delete(slot)
          if (taken?.size === 0) local.delete(name)
        },
      }
    },
  }
}
