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
