import autocannon from 'autocannon'
import { answer } from '../answer.ts'
import type { Load, LoadResult } from './load.ts'

const requestTimeoutSeconds = 5

answer<Load, LoadResult>(async ({ origin, requests, connections, seconds }) => {
  const result = await autocannon({
    url: origin,
    connections,
    duration: seconds,
    timeout: requestTimeoutSeconds,
    requests: requests.map(({ method, path, cookie, body }) => {
      const headers: Record<string, string> = { cookie }
      if (body === undefined) return { method, path, headers }
      headers['content-type'] = 'application/json'
      return { method, path, headers, body }
    }),
  })
  return {
    perSecond: result.requests.total / result.duration,
    failures: result.errors + result.non2xx,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  }
})
