import { setTimeout as sleep } from 'node:timers/promises'
import { createMuster, type Muster, MusterError } from '@muster/client'
import { StartError } from '@muster/supervisor'

const retryForMs = 60_000
const retryEveryMs = 300

/** Creates a client that waits while the API or one of its services restarts. */
export const createClient = (baseUrl: string): Muster => createMuster({ baseUrl, fetch: withPatience })

/** Repeats a request that no instance has taken. An answer that was lost is left to the client. */
async function withPatience(request: Request): Promise<Response> {
  const deadline = Date.now() + retryForMs
  for (;;) {
    try {
      const response = await fetch(request.clone())
      if (response.status !== 503 || Date.now() >= deadline) return response
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { code?: string }
      if (code !== 'ECONNREFUSED' || Date.now() >= deadline) throw error
    }
    await sleep(retryEveryMs, undefined, { signal: request.signal })
  }
}

/** Turns an error of the API into one that tells the user of the demo what to do. */
export function explain(error: unknown): unknown {
  if (!(error instanceof MusterError)) return error
  const { code, message, retryAfter, cause } = error
  if (code === 'REGISTRATION_CLOSED')
    return new StartError(
      'The demo registers users, but this copy takes users only by invitation. Start Muster without SIGNUP_MODE=invite.',
    )
  const hint =
    retryAfter === undefined
      ? ''
      : `\nThe rate limits apply to the demo too: try again in ${retryAfter} s, or start Muster with RATE_LIMIT_SCALE=100.`
  return new StartError(`${code}: ${message}${hint}`, { cause })
}
