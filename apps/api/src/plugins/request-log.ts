import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { currentCause, withCause } from '@muster/cause'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { causeOf } from '../http/cause-of.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer waits for news, so that a slow one is none to log. */
    isLongPolling?: true
  }
}

const slowMs = 1_000

/** Logs each slow request, with the route's pattern instead of the URL, which may contain a token. */
export const requestLogPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('onResponse', (request, reply, done) => {
    if (reply.elapsedTime >= slowMs && !request.routeOptions.config.isLongPolling) {
      request.log.warn(
        {
          component: 'http',
          method: request.method,
          route: request.routeOptions.url,
          status: reply.statusCode,
          durationMs: Math.round(reply.elapsedTime),
        },
        'slow request',
      )
    }
    done()
  })
})

type State = { parent: FastifyBaseLogger; requestId: string; headers: IncomingHttpHeaders }

const prototype = {
  get level(): string {
    return (this as unknown as State).parent.level
  },
  child(this: State, ...args: Parameters<FastifyBaseLogger['child']>) {
    return this.parent.child(...args)
  },
  ...Object.fromEntries(
    (['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const).map((level) => [
      level,
      function log(this: State, ...args: unknown[]) {
        const write = () => (this.parent[level] as (...args: unknown[]) => void)(...args)
        // Events of the connection, such as the end of the answer, do not belong to a request.
        if (currentCause()?.requestId === this.requestId) write()
        else withCause(causeOf(this.requestId, this.headers), write)
      },
    ]),
  ),
}

/** Returns a request's logger, which logs with the request as the cause. It creates no child logger, which would cost 5 % of a GET for its redaction. */
export function requestLogger(
  parent: FastifyBaseLogger,
  { requestId }: { requestId?: string },
  _options: object,
  { headers }: IncomingMessage,
): FastifyBaseLogger {
  return Object.assign(Object.create(prototype), { parent, requestId, headers })
}
