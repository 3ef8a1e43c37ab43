import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUIDv7 } from 'node:crypto'

/** The request from which the running code follows: of HTTP, an event of a socket, or a command. A job has that of its outbox row. */
export type Cause = {
  /** The id that Muster made for the request, a UUIDv7. */
  requestId?: string
  /** The id that the caller sent as `X-Request-Id`, for log lines alone; never a key. */
  clientRequestId?: string
  /** The open span as W3C Trace Context writes it, `traceparent`. */
  traceParent?: string
}

const storage = new AsyncLocalStorage<Cause | undefined>()

/**
 * Runs `fn` and everything that it starts with this cause. `undefined` for work that serves many requests and follows from none, such as
 * a timer or the end of an outage that a request happened to notice.
 */
export const withCause = <T>(cause: Cause | undefined, fn: () => T): T => storage.run(cause, fn)

/** Returns the cause of the running code; undefined for work that no request caused. */
export const currentCause = (): Cause | undefined => storage.getStore()

/** Makes the id of a request: a UUIDv7, which tells the time of the request. */
export const newRequestId = (): string => randomUUIDv7()

/** The longest id of a caller that is kept. */
const maxClientIdLength = 128

/** Keeps printable ASCII of the id that a caller sent, shortened to 128 characters; undefined when nothing remains. */
export function normalizeClientRequestId(given: string): string | undefined {
  const kept = given
    .replace(/[^\x20-\x7e]+/g, '')
    .trim()
    .slice(0, maxClientIdLength)
  return kept === '' ? undefined : kept
}
