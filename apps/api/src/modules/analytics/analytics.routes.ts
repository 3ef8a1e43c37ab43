import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { ok } from '../../http/reply.ts'
import { analyticsReply, streaksReply } from './analytics.schema.ts'
import { getAnalytics, getStreaks } from './analytics.service.ts'

const tags = ['analytics']

export const analyticsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/analytics',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        summary: 'Read totals, the last days and weeks, and categories',
        description:
          'Of the tasks that are the caller’s or assigned to them, and of their reminders; dates are those of their timezone.',
        response: { 200: analyticsReply },
      },
    },
    async (request) => ok(await getAnalytics(context, request.actor)),
  )

  app.get(
    '/analytics/streaks',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        summary: 'Read on how many dates in a row something was completed',
        response: { 200: streaksReply },
      },
    },
    async (request) => ok(await getStreaks(context, request.actor)),
  )
}
