import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type ClientAddress, resolveClientAddress } from '../http/client-address.ts'
import { proxyRanges } from '../http/trusted-proxies.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** How `ip` was resolved. */
    readonly clientAddress: ClientAddress
    /** What was resolved already; for this plugin alone. */
    resolvedClientAddress: ClientAddress | null
  }
}

/**
 * Makes `request.ip` the client's address in its one canonical form, for limits, audit events, sessions and mails alike.
 * It stands in for Fastify's `trustProxy`, which takes whatever text a proxy forwards for an address, ports included.
 * `Forwarded`, `X-Real-IP`, `X-Forwarded-Host` and `X-Forwarded-Proto` are read by nobody. Resolved when first asked for:
 * most requests of a signed-in user never do.
 */
export const clientAddressPlugin = fp(async (app: FastifyInstance, options: { trustedProxies: readonly string[] }) => {
  const trusted = proxyRanges(options.trustedProxies)
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
