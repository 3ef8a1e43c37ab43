import { type Child, startChild } from '../child.ts'

export type LoadRequest = { method: 'GET' | 'POST'; path: string; cookie?: string; body?: string }

export const headersOf = ({ cookie, body }: LoadRequest): Record<string, string> => ({
  ...(cookie && { cookie }),
  ...(body && { 'content-type': 'application/json' }),
})

/**
 * What a round sends: the requests in turn on each connection, each beginning elsewhere, the next one as soon as the
 * last one is answered, or at a given rate.
 */
export type Load = {
  origin: string
  requests: LoadRequest[]
  connections: number
  seconds: number
  /** Of all connections together; as many as go when left out. */
  perSecond?: number
}

export type LoadResult = {
  perSecond: number
  /** Answers other than 2xx, broken connections and requests that were not answered in time. */
  failures: number
  p50Ms: number
  p99Ms: number
}

/** A process of its own, so that it does not share a thread with what it measures. */
export function startLoad(): Promise<Child<Load, LoadResult>> {
  return startChild(new URL('./main.ts', import.meta.url))
}
