import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { answer, ok } from '../../http/reply.ts'
import { analyticsReply, daysQuery, daysReply, streaksReply } from './analytics.schema.ts'
import { getAnalytics, getDays, getStreaks } from './analytics.service.ts'

const tags = ['analytics']

export const analyticsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const depsOf = (request: FastifyRequest) => ({ ...context, reads: context.readsFor(request) })

  app.get(
    '/analytics',
    {
      config: { access: 'signed-in', readsReplica: true },
      schema: {
        operationId: 'getAnalytics',
        tags,
        summary: 'Read totals, the last days and weeks, and categories',
        description:
          'Covers the tasks that the caller owns or is assigned to, and the caller’s reminders. Dates are those of the caller’s timezone.',
        response: { 200: answer(analyticsReply, 'The figures.') },
      },
    },
    async (request) => ok(await getAnalytics(depsOf(request), request.actor)),
  )

  app.get(
    '/analytics/streaks',
    {
      config: { access: 'signed-in', readsReplica: true },
      schema: {
        operationId: 'getStreaks',
        tags,
        summary: 'Read the active and the longest streak of days with a completion',
        response: { 200: answer(streaksReply, 'The streaks, in days.') },
      },
    },
    async (request) => ok(await getStreaks(depsOf(request), request.actor)),
  )

  app.get(
    '/analytics/days',
    {
      config: { access: 'signed-in', readsReplica: true },
      schema: {
        operationId: 'getCompletionDays',
        tags,
        summary: 'Read the completions of each date of a range',
        description:
          'Counts the same tasks and reminders as `GET /analytics`, by the dates of the caller’s timezone. Both ends are included. A date that the zone never had is left out.',
        querystring: daysQuery,
        response: { 200: answer(daysReply, 'The dates.') },
      },
    },
    async (request) => ok(await getDays(depsOf(request), request.actor, request.query)),
  )
}
