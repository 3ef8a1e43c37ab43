import { DomainError } from '@muster/errors'

const redisRetrySeconds = 2

/** Runs a query of Redis. @throws DomainError DEPENDENCY_UNAVAILABLE when it fails */
export async function askRedis<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    throw new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds: redisRetrySeconds, cause })
  }
}
