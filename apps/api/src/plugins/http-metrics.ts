import { type Observe, registerMetric, seriesHistogram } from '@muster/telemetry'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { wantsWebSocket } from '../http/server/upgrade.ts'

const seriesOf = seriesHistogram({
  name: 'muster_http_request_duration_seconds',
  help: 'Time from a request to the end of its response, without long polling. Status `499`: the connection ended before the response did. Route `none`: no route has the path.',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
})

let inFlight = 0
registerMetric({
  name: 'muster_http_requests_in_flight',
  help: 'Requests whose response has not ended, without long polling.',
  labelNames: [],
  type: 'gauge',
  read: () => [{ value: inFlight }],
})

/** Status of a request whose connection ended before its response, as nginx logs it. */
const closedByClient = 499
/** The methods of routes; any other one shares a label. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** By the config of a route, which is an object of its own for each, by method and status. */
const seriesByRoute = new WeakMap<object, Map<string, Observe[]>>()

/** Measures every request that Fastify serves, by the pattern of its route. To be registered before what may refuse a request. */
export const httpMetricsPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', (request, reply, done) => {
    const { config, url } = request.routeOptions
    // An accepted WebSocket leaves its response open for ever.
    if (config.isLongPolling || wantsWebSocket(request.raw)) return done()
    inFlight += 1
    reply.raw.on('close', () => {
      inFlight -= 1
      observe(request, reply, { config, route: request.is404 ? 'none' : (url ?? 'none') })
    })
    done()
  })
})

type Route = { config: object; route: string }

function observe({ method }: FastifyRequest, reply: FastifyReply, { config, route }: Route): void {
  const status = reply.raw.writableFinished ? reply.raw.statusCode : closedByClient
  const byMethod = seriesByRoute.get(config) ?? new Map<string, Observe[]>()
  const byStatus = byMethod.get(method) ?? []
  let series = byStatus[status]
  if (!series) {
    series = seriesOf({ method: methods.has(method) ? method : 'other', route, status })
    byStatus[status] = series
    seriesByRoute.set(config, byMethod.set(method, byStatus))
  }
  series(reply.elapsedTime / 1_000)
}
