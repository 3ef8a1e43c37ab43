import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { addressKey } from '../../http/client-address.ts'
import { ok, replyOf } from '../../http/reply.ts'

const clientIp = z
  .object({
    /** The address that rate limits, sessions and audit events use. */
    ip: z.string(),
    /** The key under which rate limits count the address: for IPv6 its /64. */
    countedAs: z.string(),
    /** The address at the other end of the connection. */
    peer: z.string(),
    /** `X-Forwarded-For` as received; null without. */
    forwardedFor: z.string().nullable(),
    /** The hops from the peer on, up to the first that is not a trusted proxy, which is `ip`. */
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
        summary: 'Show how the client address was resolved',
        description: 'Helps to set TRUSTED_PROXIES: `ip` must be your own address, not that of a proxy.',
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
