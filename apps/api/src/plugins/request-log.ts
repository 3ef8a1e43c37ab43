import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

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

type State = { parent: FastifyBaseLogger; bindings: object; created?: FastifyBaseLogger }

const childOf = (lazy: State) => {
  lazy.created ??= lazy.parent.child(lazy.bindings)
  return lazy.created
}

const prototype = {
  get level(): string {
    return childOf(this as unknown as State).level
  },
  child(this: State, ...args: Parameters<FastifyBaseLogger['child']>) {
    return childOf(this).child(...args)
  },
  ...Object.fromEntries(
    (['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const).map((level) => [
      level,
      function log(this: State, ...args: unknown[]) {
        ;(childOf(this)[level] as (...args: unknown[]) => void)(...args)
      },
    ]),
  ),
}

/** Returns a request's logger that creates its child logger on first use: few requests log, and a child costs 5 % of a GET for its redaction. */
export function lazyRequestLogger(parent: FastifyBaseLogger, bindings: object): FastifyBaseLogger {
  return Object.assign(Object.create(prototype), { parent, bindings })
}
