import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { answer, ok } from '../../http/reply.ts'
import { accessLogQuery, accessLogReply } from './access-log.schema.ts'
import { listAccessLog } from './access-log.service.ts'

export const accessLogRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/users/me/access-log',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listAccessLog',
        tags: ['users'],
        summary: 'List who looked at the caller’s data, the newest first',
        description:
          'When administrators read or changed data of the caller, from the audit log. What colleagues, friends and members of chats see is not listed. Entries appear about a second later. A page can have fewer entries than `limit` while `nextCursor` continues.',
        querystring: accessLogQuery,
        response: { 200: answer(accessLogReply, 'A page of accesses.') },
      },
    },
    async (request) => {
      const { accesses, pagination } = await listAccessLog(context, request.actor, request.query)
      return { ...ok({ accesses }), pagination }
    },
  )
}
