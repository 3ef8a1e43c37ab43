import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import { taskActivityQuery, taskActivityReply } from './task-activity.schema.ts'
import { listTaskActivity } from './task-activity.service.ts'
import { taskParams } from './tasks.schema.ts'

export const taskActivityRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/tasks/:id/activity',
    {
      config: { access: 'signed-in', target: { type: 'task', param: 'id' } },
      schema: {
        operationId: 'listTaskActivity',
        tags: ['tasks'],
        summary: 'List what happened to a task, the newest first',
        description:
          'Who created, changed, completed and reopened the task, and who added the files that it has. An event appears about a second later, and is kept as long as the audit log.',
        params: taskParams,
        querystring: taskActivityQuery,
        response: { 200: answer(taskActivityReply, 'A page of what happened.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => {
      const { activity, pagination } = await listTaskActivity(context, request.actor, request.params.id, request.query)
      return { ...ok({ activity }), pagination }
    },
  )
}
