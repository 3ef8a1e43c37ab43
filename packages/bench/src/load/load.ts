import { type Child, startChild } from '../child.ts'

export type LoadRequest = { method: 'GET' | 'POST'; path: string; cookie?: string; body?: string }

export const headersOf = ({ cookie, body }: LoadRequest): Record<string, string> => ({
  ...(cookie && { cookie }),
  ...(body && { 'content-type': 'application/json' }),
})

/**
 * The load of a round. Each connection sends the requests in turn, starting at a different one: the next after the
 * response to the previous one, or at a constant rate.
 */
export type Load = {
  origin: string
  requests: LoadRequest[]
  connections: number
  seconds: number
  /** Over all connections together; unlimited when left out. */
  perSecond?: number
}

export type LoadResult = {
  requests: number
  perSecond: number
  /** Responses other than 2xx, broken connections and timeouts. */
  failures: number
  p50Ms: number
  p99Ms: number
}

/** Starts the load generator in a process of its own, so that it shares no thread with the benchmark. */
export function startLoad(): Promise<Child<Load, LoadResult>> {
  return startChild(new URL('./main.ts', import.meta.url))
}
