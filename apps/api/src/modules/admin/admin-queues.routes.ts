import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { errorReply, messageReply, ok, okMessage } from '../../http/reply.ts'
import {
  failedJobParams,
  failedJobsReply,
  failedQuery,
  queueParams,
  queuesReply,
  retriedReply,
} from './admin-queues.schema.ts'
import * as queues from './admin-queues.service.ts'
import { doerOf } from './doer.ts'

const tags = ['administration']

export const adminQueuesRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const toRead = { access: rolesWith('queue.read') }
  const toChange = { access: rolesWith('queue.change') }

  app.get(
    '/admin/queues',
    {
      config: toRead,
      schema: { tags, summary: 'Count the jobs of each queue', response: { 200: queuesReply } },
    },
    async (request) => ok(await queues.readQueues(context, doerOf(request))),
  )

  app.get(
    '/admin/queues/:name/failed',
    {
      config: toRead,
      schema: {
        tags,
        summary: 'List the jobs of a queue that failed for good',
        description:
          'The newest order first. What nobody is owed, such as a failed daily sweep, stands before them on the first page, and is missing there while Redis is away.',
        params: queueParams,
        querystring: failedQuery,
        response: { 200: failedJobsReply },
      },
    },
    async (request) => {
      const { params, query } = request
      const { jobs, isWhole, pagination } = await queues.listFailed(context, doerOf(request), params.name, query)
      return {
        ...ok({ jobs }, isWhole ? undefined : 'Redis is away: only what Postgres knows is listed.'),
        pagination,
      }
    },
  )

  app.post(
    '/admin/queues/:name/failed/:jobId/retry',
    {
      config: toChange,
      schema: {
        tags,
        summary: 'Run a failed job again',
        description:
          'Answers the id under which it runs now. 409 for a job whose name or payload this release does not know.',
        params: failedJobParams,
        response: { 200: retriedReply, 404: errorReply, 409: errorReply },
      },
    },
    async (request) => ok({ jobId: await queues.retryFailed(context, doerOf(request), request.params) }),
  )

  app.delete(
    '/admin/queues/:name/failed/:jobId',
    {
      config: toChange,
      schema: {
        tags,
        summary: 'Give a failed job up',
        params: failedJobParams,
        response: { 200: messageReply, 404: errorReply },
      },
    },
    async (request) => {
      await queues.discardFailed(context, doerOf(request), request.params)
      return okMessage('The job was discarded.')
    },
  )
}
