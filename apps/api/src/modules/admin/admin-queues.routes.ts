import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { answer, errors, messageReplyOf, ok, okMessage } from '../../http/reply.ts'
import {
  failedJobParams,
  failedJobsReply,
  failedQuery,
  queueParams,
  queuesReply,
  retriedReply,
} from './admin-queues.schema.ts'
import * as queues from './admin-queues.service.ts'
import { principalOf } from './principal.ts'

const tags = ['administration']

export const adminQueuesRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const toRead = { access: rolesWith('queue.read') }
  const toChange = { access: rolesWith('queue.change') }

  app.get(
    '/admin/queues',
    {
      config: toRead,
      schema: {
        operationId: 'listQueues',
        tags,
        summary: 'Count the jobs of each queue',
        response: { 200: answer(queuesReply, 'The queues.') },
      },
    },
    async (request) => ok(await queues.readQueues(context, principalOf(request))),
  )

  app.get(
    '/admin/queues/:name/failed',
    {
      config: toRead,
      schema: {
        operationId: 'listFailedJobs',
        tags,
        summary: 'List the jobs of a queue that failed for good',
        description:
          'The newest first. Failed scheduled runs, such as a daily sweep, are listed first on the first page; they are missing while Redis is unavailable.',
        params: queueParams,
        querystring: failedQuery,
        response: { 200: answer(failedJobsReply, 'A page of failed jobs.') },
      },
    },
    async (request) => {
      const { params, query } = request
      const { jobs, isWhole, pagination } = await queues.listFailed(context, principalOf(request), params.name, query)
      return {
        ...ok({ jobs }, isWhole ? undefined : 'Redis is unavailable: only jobs from Postgres are listed.'),
        pagination,
      }
    },
  )

  app.post(
    '/admin/queues/:name/failed/:jobId/retry',
    {
      config: toChange,
      schema: {
        operationId: 'retryFailedJob',
        tags,
        summary: 'Retry a failed job',
        description:
          'Returns the id of the new run. 409 for a job whose name or payload this release does not know, and for one that somebody has retried or discarded already.',
        params: failedJobParams,
        response: { 200: answer(retriedReply, 'The job runs again.'), ...errors('NOT_FOUND', 'CONFLICT') },
      },
    },
    async (request) => ok({ jobId: await queues.retryFailed(context, principalOf(request), request.params) }),
  )

  app.delete(
    '/admin/queues/:name/failed/:jobId',
    {
      config: toChange,
      schema: {
        operationId: 'discardFailedJob',
        tags,
        summary: 'Discard a failed job',
        description: '409 for a job that somebody has retried or discarded already.',
        params: failedJobParams,
        response: {
          200: answer(messageReplyOf('The job was discarded.'), 'Discarded.'),
          ...errors('NOT_FOUND', 'CONFLICT'),
        },
      },
    },
    async (request) => {
      await queues.discardFailed(context, principalOf(request), request.params)
      return okMessage('The job was discarded.')
    },
  )
}
