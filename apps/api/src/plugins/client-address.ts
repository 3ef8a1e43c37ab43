import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type ClientAddress, resolveClientAddress } from '../http/client-address.ts'
import { proxyRanges } from '../http/trusted-proxies.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's address, with the hops that led to it. */
    readonly clientAddress: ClientAddress
    /** Cache of `clientAddress`, for this plugin only. */
    resolvedClientAddress: ClientAddress | null
  }
}

/**
 * Defines `request.ip` as the client's address in canonical form, for limits, audit events, sessions and mails. Replaces
 * Fastify's `trustProxy`, which accepts any text that a proxy forwards, also with a port. `Forwarded`, `X-Real-IP`,
 * `X-Forwarded-Host` and `X-Forwarded-Proto` are ignored. Resolved on first use: most signed-in requests need no address.
 */
export const clientAddressPlugin = fp(async (app: FastifyInstance, options: { trustedProxies: readonly string[] }) => {
  const trusted = proxyRanges(options.trustedProxies)
  if (trusted.length === 0) warnOfProxies(app)
  app.decorateRequest('resolvedClientAddress', null)
  app.decorateRequest('clientAddress', {
    getter() {
      const { socket, headers } = this.raw
      this.resolvedClientAddress ??= resolveClientAddress(socket.remoteAddress, headers['x-forwarded-for'], trusted)
      return this.resolvedClientAddress
    },
  })
  app.decorateRequest('ip', {
    getter() {
      return this.clientAddress.ip
    },
  })
})

const proxyHeaders = ['x-forwarded-for', 'x-real-ip', 'forwarded'] as const
const warningEveryMs = 3_600_000

/**
 * Logs a warning, at most once an hour, when a request seems to have passed a proxy though none is trusted: then all clients behind
 * the proxy have its address and share their limits. A client can send such a header itself, so nothing else depends on it.
 */
function warnOfProxies(app: FastifyInstance): void {
  let warnedAtMs = Number.NEGATIVE_INFINITY
  app.addHook('onRequest', (request, _reply, done) => {
    const header = proxyHeaders.find((name) => request.headers[name] !== undefined)
    if (header && performance.now() - warnedAtMs >= warningEveryMs) {
      warnedAtMs = performance.now()
      const sender = request.raw.socket.remoteAddress
      app.log.warn(
        { component: 'http', header, sender },
        'forwarded request received, TRUSTED_PROXIES is unset, name the proxy in it',
      )
    }
    done()
  })
}
