import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { addressKey } from '../../http/client-address.ts'
import { answer, ok, replyOf } from '../../http/reply.ts'

const clientIp = z
  .object({
    ip: z
      .string()
      .meta({ description: 'The address that rate limits, sessions and audit events use.', examples: ['192.0.2.1'] }),
    countedAs: z.string().meta({
      description: 'The key under which rate limits count the address: for IPv6 its /64.',
      examples: ['192.0.2.1'],
    }),
    peer: z.string().meta({ description: 'The address at the other end of the connection.', examples: ['192.0.2.1'] }),
    forwardedFor: z
      .string()
      .nullable()
      .meta({ description: '`X-Forwarded-For` as received; null without.', examples: [null] }),
    chain: z
      .array(
        z.object({
          address: z.string().meta({ description: 'The address of the hop.', examples: ['192.0.2.1'] }),
          isTrustedProxy: z.boolean().describe('Whether TRUSTED_PROXIES names it.'),
        }),
      )
      .describe('The hops from the peer on, up to the first that is not a trusted proxy, which is `ip`.'),
    trustedProxies: z.array(z.string()).meta({ description: 'The ranges of TRUSTED_PROXIES.', examples: [[]] }),
  })
  .meta({ id: 'ClientIp', description: 'How the address of the client was resolved.' })

export const diagnosticsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/admin/diagnostics/client-ip',
    {
      config: { access: rolesWith('diagnostics.read') },
      schema: {
        operationId: 'getClientIp',
        tags: ['administration'],
        summary: 'Show how the client address was resolved',
        description: 'Helps to set TRUSTED_PROXIES: `ip` must be your own address, not that of a proxy.',
        response: { 200: answer(replyOf(z.object({ clientIp })), 'The address.') },
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
