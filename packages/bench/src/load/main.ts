import autocannon from 'autocannon'
import { answer } from '../answer.ts'
import type { Load, LoadResult } from './load.ts'

const requestTimeoutSeconds = 5

answer<Load, LoadResult>(async ({ origin, cookie, requests, connections, seconds }) => {
  const result = await autocannon({
    url: origin,
    connections,
    duration: seconds,
    timeout: requestTimeoutSeconds,
    headers: { cookie },
    requests: requests.map(({ method, path, body }) => ({
      method,
      path,
      ...(body === undefined ? {} : { body, headers: { cookie, 'content-type': 'application/json' } }),
    })),
  })
  return {
    perSecond: result.requests.total / result.duration,
    failures: result.errors + result.non2xx,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  }
})
