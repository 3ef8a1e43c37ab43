import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { id } from '../../http/fields.ts'
import { errorReply, instant, messageReply, ok, replyOf, said } from '../../http/reply.ts'
import * as sessions from './sessions.service.ts'

const session = z
  .object({
    id: z.uuid(),
    userAgent: z.string().nullable(),
    ip: z.string().nullable(),
    createdAt: instant,
    lastUsedAt: instant,
    expiresAt: instant,
    current: z.boolean(),
  })
  .meta({ id: 'Session' })

export const sessionsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/auth/sessions',
    {
      config: { access: 'signed-in', isOpenWithoutFactor: true },
      schema: {
        tags: ['auth'],
        summary: 'List the open sessions',
        response: { 200: replyOf(z.object({ sessions: z.array(session) })) },
      },
    },
    async (request) => ok({ sessions: await sessions.listSessions(context, request.actor) }),
  )

  app.delete(
    '/auth/sessions/:id',
    {
      config: { access: 'signed-in', target: { type: 'session', param: 'id' } },
      schema: {
        tags: ['auth'],
        summary: 'End one session',
        params: z.object({ id }),
        response: { 200: messageReply, 404: errorReply },
      },
    },
    async (request, reply) => {
      const { actor, params } = request
      await sessions.revokeSession(context, actor, params.id, originOf(request))
      if (params.id === actor.sessionId) context.cookies.clear(reply)
      return said('The session has ended.')
    },
  )
}
