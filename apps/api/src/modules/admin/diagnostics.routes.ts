import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { addressKey } from '../../http/client-address.ts'
import { ok, replyOf } from '../../http/reply.ts'

const clientIp = z
  .object({
    /** The address that limits, sessions and audit events go by. */
    ip: z.string(),
    /** Under what it is counted: an IPv6 address by its /64. */
    countedAs: z.string(),
    /** Who holds the other end of the connection. */
    peer: z.string(),
    /** `X-Forwarded-For` as it arrived; null without. */
    forwardedFor: z.string().nullable(),
    /** From the peer on, as far as each hop is a trusted proxy; the last one is `ip`. */
    chain: z.array(z.object({ address: z.string(), isTrustedProxy: z.boolean() })),
    trustedProxies: z.array(z.string()),
  })
  .meta({ id: 'ClientIp' })

export const diagnosticsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/admin/diagnostics/client-ip',
    {
      config: { access: rolesWith('diagnostics.read') },
      schema: {
        tags: ['administration'],
        summary: 'Show how the address of the caller was resolved',
        description: 'For setting TRUSTED_PROXIES: `ip` must be your own address, not that of a proxy.',
        response: { 200: replyOf(z.object({ clientIp })) },
      },
    },
    async (request) => {
      const { ip, hops } = request.clientAddress
      return ok({
        clientIp: {
          ip,
          countedAs: addressKey(ip),
          peer: request.socket.remoteAddress ?? ip,
          forwardedFor: request.headers['x-forwarded-for']?.toString() ?? null,
          chain: hops,
          trustedProxies: [...context.config.http.trustedProxies],
        },
      })
    },
  )
}
