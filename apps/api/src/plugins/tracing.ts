import { beginTrace, type TraceRoot } from '@muster/tracing'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** The trace of the request; undefined while tracing is off. */
    trace: TraceRoot | undefined
  }
}

/**
 * Makes each request the first span of a trace, named by the pattern of its route. The id of the trace is that of the request; a
 * `traceparent` that the request has is linked, because everybody can send one.
 */
export const tracingPlugin = fp(async (app: FastifyInstance) => {
  app.decorateRequest('trace', undefined)
  app.addHook('onRequest', (request, reply, done) => {
    const trace = beginTrace(nameOf(request), {
      kind: 'server',
      attributes: attributesOf(request),
      id: request.id,
      link: request.headers.traceparent,
    })
    request.trace = trace
    if (!trace) return done()
    // What the request enqueues goes on with the trace.
    request.cause.traceParent = trace.traceParent
    // Every answer ends with it, also one whose client disconnected.
    if (trace.isRecorded) reply.raw.once('close', () => end(trace, reply.raw.statusCode))
    trace.run(done)
  })
  // Once more, because the end of a body is an event of the connection, which serves many requests.
  app.addHook('preValidation', (request, _reply, done) => (request.trace ? request.trace.run(done) : done()))
})

const end = (trace: TraceRoot, status: number) =>
  trace.end({ attributes: { 'http.response.status_code': status }, isFailed: status >= 500 })

/** A path without a route has no pattern, and the path itself comes from outside. */
const routeOf = ({ is404, routeOptions }: FastifyRequest) => (is404 ? undefined : routeOptions.url)

function nameOf(request: FastifyRequest): string {
  const route = routeOf(request)
  return route ? `${request.method} ${route}` : request.method
}

function attributesOf(request: FastifyRequest) {
  const route = routeOf(request)
  return { 'http.request.method': request.method, ...(route && { 'http.route': route }) }
}
