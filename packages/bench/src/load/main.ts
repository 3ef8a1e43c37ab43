import autocannon from 'autocannon'
import { answer } from '../answer.ts'
import { loadAtRate } from './at-rate.ts'
import { headersOf, type Load, type LoadRequest, type LoadResult } from './load.ts'

const requestTimeoutSeconds = 5

answer<Load, LoadResult>(async ({ perSecond, ...load }) =>
  perSecond === undefined
    ? asFastAsPossible(load)
    : loadAtRate({ ...load, perSecond, timeoutMs: requestTimeoutSeconds * 1_000 }),
)

async function asFastAsPossible({
  origin,
  requests,
  connections,
  seconds,
}: Omit<Load, 'perSecond'>): Promise<LoadResult> {
  const prepared = requests.map(prepare)
  let clients = 0
  const result = await autocannon({
    url: origin,
    connections,
    duration: seconds,
    timeout: requestTimeoutSeconds,
    requests: prepared,
    setupClient(client) {
      const first = clients++ % prepared.length
      client.setRequests([...prepared.slice(first), ...prepared.slice(0, first)])
    },
  })
  return {
    requests: result.requests.total,
    perSecond: result.requests.total / result.duration,
    failures: result.errors + result.non2xx,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  }
}

function prepare(request: LoadRequest) {
  const { method, path, body } = request
  return { method, path, headers: headersOf(request), ...(body && { body }) }
}
