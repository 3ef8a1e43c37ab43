import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DomainError, type ErrorCode } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import { type AttemptRules, localAttemptCounters, type Reservation, redisAttemptCounters } from './attempt-counters.ts'
import { type GuardLimitName, guardLimits, rateLimited, scaledMax } from './limits.ts'

/** Bounds the attempts to guess a secret, also when they arrive in parallel. */
export type SecretGuard = {
  /**
   * Runs the check of a secret as one of the limit's attempts. An attempt that fails with one of the codes of `wrong` stays
   * counted; any other outcome releases its slot. When attempts in progress hold all slots, the call waits for one in
   * order of arrival, for at most `config.guardPatienceMs`.
   * @throws DomainError RATE_LIMITED when failures reached the limit, or no slot was released in time
   */
  attempt<T>(limit: GuardLimitName, key: string, wrong: readonly ErrorCode[], check: () => Promise<T>): Promise<T>
  /**
   * Counts something that is limited although it succeeds. Calls with the same `attemptId` count once.
   * @throws DomainError RATE_LIMITED when the limit is reached
   */
  count(limit: GuardLimitName, key: string, attemptId: string): Promise<void>
}

/** How often a waiting call polls for a slot that another instance released; a release on this one wakes it at once. */
const retryMs = 50
/** Longer than any check takes: hashing waits up to 5 s, and a statement is cancelled after 2 s. */
const leaseMs = 30_000
/** A waiting call holds its connection: more of them for one key, or in all, are refused at once. */
const maxWaitingPerKey = 100
const maxWaiting = 1_000

/** The calls that wait for a slot of one counter, in order of arrival. */
type Queue = { length: number; tail: Promise<void>; released: PromiseWithResolvers<void> }

/** Creates the guard. Attempts are counted in Redis for all instances; while Redis is unavailable each instance counts by itself. */
export function createSecretGuard({ redis, config, clock }: Pick<Deps, 'redis' | 'config' | 'clock'>): SecretGuard {
  const local = localAttemptCounters()
  const queues = new Map<string, Queue>()
  const { guardPatienceMs } = config
  let waiting = 0

  const rulesOf = (limit: GuardLimitName): AttemptRules => ({
    max: scaledMax(guardLimits[limit], config.rateLimitScale),
    windowMs: guardLimits[limit].windowMs,
    nowMs: clock.now().getTime(),
    leaseMs,
  })

  const tryReserve = async (limit: GuardLimitName, key: string, attemptId: string): Promise<Reservation> => {
    const rules = rulesOf(limit)
    const shared = await redis.attempt<Reservation | undefined>(
      (client) => redisAttemptCounters(client).reserve(key, attemptId, rules),
      undefined,
    )
    return shared ?? local.reserve(key, attemptId, rules)
  }

  /** Settles the attempt in Redis and in memory: the availability of Redis may have changed since it was reserved. */
  const settle = async (limit: GuardLimitName, key: string, attemptId: string, isFailure: boolean): Promise<void> => {
    const rules = rulesOf(limit)
    const settleShared = redis.attempt(async (client) => {
      await redisAttemptCounters(client).settle(key, attemptId, isFailure, rules)
      return true
    }, false)
    await local.settle(key, attemptId, isFailure && !(await settleShared), rules)
    queues.get(key)?.released.resolve()
  }

  const reserve = async (limit: GuardLimitName, key: string, attemptId: string): Promise<void> => {
    // A call that arrives while others wait queues behind them.
    const reservation = queues.has(key) ? { outcome: 'busy' as const } : await tryReserve(limit, key, attemptId)
    if (reservation.outcome === 'exhausted') throw rateLimited(reservation.waitMs)
    if (reservation.outcome === 'busy') await reserveInOrder(limit, key, attemptId)
  }

  const reserveInOrder = async (limit: GuardLimitName, key: string, attemptId: string): Promise<void> => {
    const untilMs = performance.now() + guardPatienceMs
    const queue = queues.get(key) ?? { length: 0, tail: Promise.resolve(), released: Promise.withResolvers<void>() }
    if (queue.length >= maxWaitingPerKey || waiting >= maxWaiting) throw rateLimited(guardPatienceMs)
    const { tail } = queue
    const left = Promise.withResolvers<void>()
    queues.set(key, queue)
    queue.tail = left.promise
    queue.length++
    waiting++
    try {
      await tail
      for (;;) {
        queue.released = Promise.withResolvers<void>()
        const reservation = await tryReserve(limit, key, attemptId)
        if (reservation.outcome === 'exhausted') throw rateLimited(reservation.waitMs)
        if (reservation.outcome !== 'busy') return
        if (performance.now() >= untilMs) throw rateLimited(guardPatienceMs)
        await Promise.race([queue.released.promise, sleep(retryMs)])
      }
    } finally {
      waiting--
      queue.length--
      if (queue.length === 0) queues.delete(key)
      left.resolve()
    }
  }

  return {
    async attempt(limit, key, wrong, check) {
      const counter = `${limit}:${key}`
      const attemptId = randomUUID()
      await reserve(limit, counter, attemptId)
      let hasFailed = false
      try {
        return await check()
      } catch (error) {
        hasFailed = error instanceof DomainError && wrong.includes(error.code)
        throw error
      } finally {
        await settle(limit, counter, attemptId, hasFailed)
      }
    },
    async count(limit, key, attemptId) {
      const counter = `${limit}:${key}`
      const reservation = await tryReserve(limit, counter, attemptId)
      if (reservation.outcome === 'exhausted') throw rateLimited(reservation.waitMs)
      if (reservation.outcome === 'busy') throw rateLimited(guardPatienceMs)
      if (reservation.outcome === 'reserved') await settle(limit, counter, attemptId, true)
    },
  }
}
