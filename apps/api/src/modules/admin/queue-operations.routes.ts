import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { answer, errors, messageReplyOf, ok, okMessage } from '../../http/reply.ts'
import { queueParams } from './admin-queues.schema.ts'
import { createFailureSnapshots } from './failure-snapshots.ts'
import { principalOf } from './principal.ts'
import {
  changedReply,
  failedJobsChange,
  failuresReply,
  pauseBody,
  retriesReply,
  seriesQuery,
  seriesReply,
} from './queue-operations.schema.ts'
import * as operations from './queue-operations.service.ts'
import { pauseQueue, resumeQueue } from './queue-pauses.service.ts'
import { readRetries } from './queue-retries.service.ts'

const tags = ['administration']
const inParts =
  'Changes at most `limit` jobs, in the order of their ids, in one transaction. Repeat the call with `nextCursor` until it is null. Failed scheduled runs are left out.'

export const queueOperationsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const toRead = { access: rolesWith('queue.read') }
  const toChange = { access: rolesWith('queue.change') }
  const deps = { ...context, failures: createFailureSnapshots(context) }

  app.get(
    '/admin/queues/:name/series',
    {
      config: toRead,
      schema: {
        operationId: 'getQueueSeries',
        tags,
        summary: 'Show a queue over time, and when it will be empty',
        description:
          'From samples of each minute, which are kept for 7 days. What could not be read in a minute, and minutes in which no API ran, are null.',
        params: queueParams,
        querystring: seriesQuery,
        response: { 200: answer(seriesReply, 'The samples.') },
      },
    },
    async (request) => ok(await operations.readSeries(deps, principalOf(request), request.params.name, request.query)),
  )

  app.get(
    '/admin/queues/:name/failures',
    {
      config: toRead,
      schema: {
        operationId: 'getQueueFailures',
        tags,
        summary: 'Group the failed jobs of a queue by name and reason',
        description: 'Many jobs are counted in the background: the answer says how many are counted yet.',
        params: queueParams,
        response: { 200: answer(failuresReply, 'The groups.') },
      },
    },
    async (request) => ok(await operations.readFailures(deps, principalOf(request), request.params.name)),
  )

  app.get(
    '/admin/queues/:name/retries',
    {
      config: toRead,
      schema: {
        operationId: 'getQueueRetries',
        tags,
        summary: 'Tell what became of failed jobs that were retried',
        description: 'Counted now, from the audit log and the outbox.',
        params: queueParams,
        response: { 200: answer(retriesReply, 'The retries.') },
      },
    },
    async (request) => ok(await readRetries(deps, principalOf(request), request.params.name)),
  )

  app.post(
    '/admin/queues/:name/failed/retry',
    {
      config: toChange,
      schema: {
        operationId: 'retryFailedJobs',
        tags,
        summary: 'Retry the failed jobs of a reason, of a name, or all',
        description: `${inParts} 409 for a name that this release does not know.`,
        params: queueParams,
        body: failedJobsChange,
        response: { 200: answer(changedReply, 'What was done.'), ...errors('CONFLICT') },
      },
    },
    async (request) =>
      ok(await operations.retryFailedJobs(deps, principalOf(request), request.params.name, request.body)),
  )

  app.post(
    '/admin/queues/:name/failed/discard',
    {
      config: toChange,
      schema: {
        operationId: 'discardFailedJobs',
        tags,
        summary: 'Discard the failed jobs of a reason, of a name, or all',
        description: inParts,
        params: queueParams,
        body: failedJobsChange,
        response: { 200: answer(changedReply, 'What was done.') },
      },
    },
    async (request) =>
      ok(await operations.discardFailedJobs(deps, principalOf(request), request.params.name, request.body)),
  )

  app.post(
    '/admin/queues/:name/pause',
    {
      config: toChange,
      schema: {
        operationId: 'pauseQueue',
        tags,
        summary: 'Pause a queue',
        description:
          'Jobs in progress end, and others wait until the queue is resumed. `GET /admin/queues` shows who paused it and why. 409 when it is paused already.',
        params: queueParams,
        body: pauseBody,
        response: { 200: answer(messageReplyOf('The queue is paused.'), 'Paused.'), ...errors('CONFLICT') },
      },
    },
    async (request) => {
      await pauseQueue(context, principalOf(request), request.params.name, request.body.note)
      return okMessage('The queue is paused.')
    },
  )

  app.post(
    '/admin/queues/:name/resume',
    {
      config: toChange,
      schema: {
        operationId: 'resumeQueue',
        tags,
        summary: 'Resume a paused queue',
        description: '409 when it is not paused.',
        params: queueParams,
        body: pauseBody,
        response: { 200: answer(messageReplyOf('The queue runs.'), 'Resumed.'), ...errors('CONFLICT') },
      },
    },
    async (request) => {
      await resumeQueue(context, principalOf(request), request.params.name, request.body.note)
      return okMessage('The queue runs.')
    },
  )
}
