import { DomainError } from '@muster/errors'
import { failFastRedis } from '@muster/jobs/connection'
import type { Logger } from '@muster/logger'
import type { Redis } from 'ioredis'

/**
 * Redis as the API may use it: no request waits for it longer than 150 ms, and while it is away (down, frozen, full)
 * a request does not even try.
 */
export type SafeRedis = {
  /** The command's answer, or the fallback when Redis is away. */
  attempt<T>(command: (redis: Redis) => Promise<T>, fallback: T): Promise<T>
  /** The command's answer. @throws DomainError DEPENDENCY_UNAVAILABLE when Redis is away */
  require<T>(command: (redis: Redis) => Promise<T>): Promise<T>
  isAvailable(): boolean
  /** For probes: asks Redis itself. */
  ping(): Promise<void>
  close(): void
}

const commandTimeoutMs = 150
const pauseMs = 1_000
const retryAfterSeconds = 2

/** Opens the API's own connection, with a circuit breaker: one failure pauses all use for a second. */
export function openRedis(url: string, log: Logger): SafeRedis {
  const redis = failFastRedis(url, { commandTimeout: commandTimeoutMs, enableAutoPipelining: true })
  let pausedUntilMs = 0

  const isAvailable = () => redis.status === 'ready' && performance.now() >= pausedUntilMs

  const trip = (error: unknown) => {
    if (performance.now() >= pausedUntilMs) log.warn({ err: error }, 'Redis is away; the API goes on without it')
    pausedUntilMs = performance.now() + pauseMs
  }

  return {
    isAvailable,
    async attempt(command, fallback) {
      if (!isAvailable()) return fallback
      try {
        return await command(redis)
      } catch (error) {
        trip(error)
        return fallback
      }
    },
    async require(command) {
      if (!isAvailable()) throw new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds })
      try {
        return await command(redis)
      } catch (error) {
        trip(error)
        throw new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds, cause: error })
      }
    },
    async ping() {
      await redis.ping()
    },
    close: () => redis.disconnect(),
  }
}
