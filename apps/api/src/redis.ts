import { DomainError } from '@muster/errors'
import { probeRedis } from '@muster/jobs/redis'
import type { Logger } from '@muster/logger'
import { failFastRedis, isCluster, lastErrorOf, type RedisClient, type RedisSettings } from '@muster/redis'
import { trackOutage } from '@muster/telemetry'
import { span } from '@muster/tracing'

/**
 * Redis behind a circuit breaker. No request waits for it longer than its patience, and while it is unavailable (down, frozen,
 * full) requests do not try it.
 */
export type SafeRedis = {
  /** Returns the command's reply, or the fallback while Redis is unavailable. */
  attempt<T>(command: (redis: RedisClient) => Promise<T>, fallback: T): Promise<T>
  /** Returns the command's reply. @throws DomainError DEPENDENCY_UNAVAILABLE while Redis is unavailable */
  require<T>(command: (redis: RedisClient) => Promise<T>): Promise<T>
  /** Tells whether requests try Redis now. */
  isAvailable(): boolean
  /** Probes Redis by writes, also while the breaker is open. @throws the error of Redis */
  probe(): Promise<void>
  close(): void
}

const openMs = 1_000
const retryAfterSeconds = 2
const spanOptions = { kind: 'client', attributes: { 'db.system.name': 'redis' } } as const

/** Opens the API's connection. One failure opens the breaker for a second. */
export function openRedis(
  settings: RedisSettings,
  { patienceMs, log }: { patienceMs: number; log: Logger },
): SafeRedis {
  const redis = failFastRedis(settings, { commandTimeout: patienceMs, enableAutoPipelining: true })
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'cache' },
    down: 'redis unavailable, continuing without cache',
    up: 'redis available again, using cache',
  })
  let openUntilMs = 0

  const isAvailable = () => redis.status === 'ready' && performance.now() >= openUntilMs

  /** On a cluster a command may be sent more than once: each time within the patience, and so are all together. */
  const within = <T>(reply: Promise<T>): Promise<T> =>
    span('redis command', spanOptions, () => (isCluster(redis) ? limited(reply, patienceMs) : reply))

  const trip = (error: unknown) => {
    outage.failed(lastErrorOf(redis) ?? error)
    openUntilMs = performance.now() + openMs
  }

  const attempt = async <T>(command: (client: RedisClient) => Promise<T>, fallback: T): Promise<T> => {
    if (!isAvailable()) return fallback
    try {
      return await within(command(redis))
    } catch (error) {
      trip(error)
      return fallback
    }
  }

  return {
    attempt,
    isAvailable,
    async require(command) {
      if (!isAvailable()) throw new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds })
      try {
        return await within(command(redis))
      } catch (error) {
        trip(error)
        throw new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds, cause: error })
      }
    },
    async probe() {
      await probeRedis(redis)
      outage.succeeded()
    },
    close: () => redis.disconnect(),
  }
}

/** Rejects when a reply takes too long. What comes later is ignored. */
async function limited<T>(reply: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Command timed out')), limitMs)
  })
  try {
    return await Promise.race([reply, timeout])
  } finally {
    clearTimeout(timer)
  }
}
