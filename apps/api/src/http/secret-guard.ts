import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '@muster/db'
import { DomainError, type ErrorCode } from '@muster/errors'
import type { Config } from '../config.ts'
import type { SafeRedis } from '../redis.ts'
import { localSlots, redisSlots, type SlotRules, type Taking } from './guard-slots.ts'
import { type GuardLimitName, guardLimits, rateLimited, scaledMax } from './limits.ts'

/** Bounds the tries at a secret, also when they come all at once. */
export type SecretGuard = {
  /**
   * Runs the check of a secret while it holds one of the limit's slots. A failure stays counted; any other outcome frees
   * the slot. When tries that are still under way hold all slots, waits for one for at most 3 s, in order of arrival.
   * @param wrong the codes of those errors by which the check says that the secret was wrong
   * @throws DomainError RATE_LIMITED when failures took all slots, or none was freed in time
   */
  attempt<T>(limit: GuardLimitName, key: string, wrong: readonly ErrorCode[], check: () => Promise<T>): Promise<T>
  /**
   * Counts something that is bounded although it succeeds. Those that name the same `slot` are one.
   * @throws DomainError RATE_LIMITED when the limit is reached
   */
  count(limit: GuardLimitName, key: string, slot: string): Promise<void>
}

const maxWaitMs = 3_000
/** How soon a slot that another instance freed is noticed; one of this instance wakes the first who waits. */
const retryMs = 50
/** Longer than any check takes: hashing waits up to 5 s, and a statement ends after 2 s. */
const leaseMs = 30_000
/** Who waits holds a connection: of one address so many, and of all together. Further tries are refused at once. */
const maxWaitingPerKey = 100
const maxWaiting = 1_000

/** Those that wait for a slot of one counter. */
type Line = { length: number; tail: Promise<void>; freed: PromiseWithResolvers<void> }

/** Slots lie in Redis and hold on every instance; while Redis is away each instance counts by itself. */
export function createSecretGuard({
  redis,
  config,
  clock,
}: {
  redis: SafeRedis
  config: Config
  clock: Clock
}): SecretGuard {
  const local = localSlots()
  const lines = new Map<string, Line>()
  let waiting = 0

  const rulesOf = (limit: GuardLimitName): SlotRules => ({
    max: scaledMax(guardLimits[limit], config.rateLimitScale),
    windowMs: guardLimits[limit].windowMs,
    nowMs: clock.now().getTime(),
    leaseMs,
  })

  const take = async (limit: GuardLimitName, name: string, slot: string): Promise<Taking> => {
    const rules = rulesOf(limit)
    const shared = await redis.attempt<Taking | undefined>(
      (client) => redisSlots(client).take(name, slot, rules),
      undefined,
    )
    return shared ?? local.take(name, slot, rules)
  }

  /** Where it was taken makes no difference: Redis may have come or gone since. */
  const settle = async (limit: GuardLimitName, name: string, slot: string, isFailure: boolean): Promise<void> => {
    const rules = rulesOf(limit)
    const settleShared = redis.attempt(async (client) => {
      await redisSlots(client).settle(name, slot, isFailure, rules)
      return true
    }, false)
    await local.settle(name, slot, isFailure && !(await settleShared), rules)
    lines.get(name)?.freed.resolve()
  }

  const reserve = async (limit: GuardLimitName, name: string, slot: string): Promise<void> => {
    // Who comes while others wait goes behind them.
    const taking = lines.has(name) ? { outcome: 'busy' as const } : await take(limit, name, slot)
    if (taking.outcome === 'full') throw rateLimited(taking.waitMs)
    if (taking.outcome === 'busy') await waitInLine(limit, name, slot)
  }

  const waitInLine = async (limit: GuardLimitName, name: string, slot: string): Promise<void> => {
    const untilMs = performance.now() + maxWaitMs
    const line = lines.get(name) ?? { length: 0, tail: Promise.resolve(), freed: Promise.withResolvers<void>() }
    if (line.length >= maxWaitingPerKey || waiting >= maxWaiting) throw rateLimited(maxWaitMs)
    const { tail } = line
    const left = Promise.withResolvers<void>()
    lines.set(name, line)
    line.tail = left.promise
    line.length++
    waiting++
    try {
      await tail
      for (;;) {
        line.freed = Promise.withResolvers<void>()
        const taking = await take(limit, name, slot)
        if (taking.outcome === 'full') throw rateLimited(taking.waitMs)
        if (taking.outcome !== 'busy') return
        if (performance.now() >= untilMs) throw rateLimited(maxWaitMs)
        await Promise.race([line.freed.promise, sleep(retryMs)])
      }
    } finally {
      waiting--
      line.length--
      if (line.length === 0) lines.delete(name)
      left.resolve()
    }
  }

  return {
    async attempt(limit, key, wrong, check) {
      const name = `${limit}:${key}`
      const slot = randomUUID()
      await reserve(limit, name, slot)
      let hasFailed = false
      try {
        return await check()
      } catch (error) {
        hasFailed = error instanceof DomainError && wrong.includes(error.code)
        throw error
      } finally {
        await settle(limit, name, slot, hasFailed)
      }
    },
    async count(limit, key, slot) {
      const name = `${limit}:${key}`
      const taking = await take(limit, name, slot)
      if (taking.outcome === 'full') throw rateLimited(taking.waitMs)
      if (taking.outcome === 'busy') throw rateLimited(maxWaitMs)
      if (taking.outcome === 'taken') await settle(limit, name, slot, true)
    },
  }
}
