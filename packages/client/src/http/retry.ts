import { MusterError } from './error.ts'
import { sleep } from './sleep.ts'

/** Longer waits are left to the caller, who gets the error with its `retryAfter`. */
const maxRetryAfterSeconds = 10
const firstDelayMs = 250
const maxDelayMs = 5_000
const defaultMaxAttempts = 4

type Policy = {
  /** Whether the request may be sent again when it is unknown whether it took effect. */
  isRepeatable: boolean
  signal?: AbortSignal | undefined
  maxAttempts?: number | undefined
}

/**
 * Repeats a request by the one policy of the client: after `Retry-After` of 429 and 503 any request, since the server refused it; after
 * a network error, a timeout or a proxy's 502, 503 or 504 only one that may be repeated, with growing delays.
 */
export async function withRetries<T>(attempt: () => Promise<T>, policy: Policy): Promise<T> {
  const { signal, maxAttempts = defaultMaxAttempts } = policy
  for (let count = 1; ; count++) {
    try {
      return await attempt()
    } catch (error) {
      signal?.throwIfAborted()
      const delayMs = count < maxAttempts ? delayBeforeRetry(error, count, policy) : undefined
      if (delayMs === undefined) throw error
      await sleep(delayMs, signal)
    }
  }
}

function delayBeforeRetry(error: unknown, count: number, { isRepeatable }: Policy): number | undefined {
  if (!(error instanceof MusterError)) return undefined
  const { status, retryAfter, code } = error
  // An acknowledgement of a socket has no status.
  if ((status === 429 || status === 503 || status === 0) && retryAfter !== undefined)
    return retryAfter <= maxRetryAfterSeconds ? retryAfter * 1_000 + Math.random() * 250 : undefined
  const isUncertain = code === 'NETWORK' || code === 'TIMEOUT' || [502, 503, 504].includes(status)
  return isUncertain && isRepeatable ? backoffMs(count) : undefined
}

/** Returns a random delay that grows with the count of failures (full jitter, at least a half). */
export const backoffMs = (count: number): number =>
  Math.min(maxDelayMs, firstDelayMs * 2 ** (count - 1)) * (0.5 + Math.random() / 2)
