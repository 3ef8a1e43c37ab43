import autocannon from 'autocannon'
import { answer } from '../answer.ts'
import type { Load, LoadRequest, LoadResult } from './load.ts'

const requestTimeoutSeconds = 5

answer<Load, LoadResult>(async ({ origin, requests, connections, seconds, perSecond }) => {
  const prepared = requests.map(prepare)
  let clients = 0
  const result = await autocannon({
    url: origin,
    connections,
    duration: seconds,
    timeout: requestTimeoutSeconds,
    ...(perSecond && { overallRate: perSecond }),
    requests: prepared,
    setupClient(client) {
      const first = clients++ % prepared.length
      client.setRequests([...prepared.slice(first), ...prepared.slice(0, first)])
    },
  })
  return {
    perSecond: result.requests.total / result.duration,
    failures: result.errors + result.non2xx,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  }
})

function prepare({ method, path, cookie, body }: LoadRequest) {
  const headers = { ...(cookie && { cookie }), ...(body && { 'content-type': 'application/json' }) }
  return { method, path, headers, ...(body && { body }) }
}
