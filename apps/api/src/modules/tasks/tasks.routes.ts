import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import {
  etagOf,
  ifMatch,
  ifMatchHeaders,
  ifNoneMatchHeaders,
  isNotModified,
  representationEtagOf,
} from '../../http/etag.ts'
import { idempotencyHeaders, idempotencyOf } from '../../http/idempotency.ts'
import { answer, errors, notModified, ok, withExample } from '../../http/reply.ts'
import {
  newTask,
  taskCategoriesReply,
  taskListReply,
  taskParams,
  taskPatch,
  taskQuery,
  taskReply,
} from './tasks.schema.ts'
import * as tasks from './tasks.service.ts'

const tags = ['tasks']

export const tasksRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/tasks',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'createTask',
        tags,
        summary: 'Create a task',
        description: 'With an `Idempotency-Key`, the same request within 24 hours answers with the same task again.',
        headers: idempotencyHeaders,
        body: newTask,
        response: {
          201: answer(taskReply, 'The new task.', 'ETag', 'Location'),
          ...errors('CONFLICT', 'IDEMPOTENCY_MISMATCH'),
        },
      },
    },
    async (request, reply) => {
      const options = { idempotency: idempotencyOf(request, 'tasks'), origin: originOf(request) }
      const task = await tasks.createTask(context, request.actor, request.body, options)
      reply
        .status(201)
        .header('etag', etagOf(task.version))
        .header('location', request.urlOf(`/api/v1/tasks/${task.id}`))
      return ok({ task })
    },
  )

  app.get(
    '/tasks',
    {
      config: { access: 'signed-in', readsReplica: true },
      schema: {
        operationId: 'listTasks',
        tags,
        summary: 'List the tasks that are visible to the caller',
        description:
          'Tasks that the caller owns or is assigned to; a `client_admin` sees all of the organization. `page` numbers the pages, or `cursor` continues after the page before; the two exclude each other. `q` sorts by relevance unless `sort` says otherwise.',
        querystring: taskQuery,
        response: { 200: answer(taskListReply, 'A page of tasks.') },
      },
    },
    async (request) => {
      const deps = { clock: context.clock, reads: context.readsFor(request) }
      const { tasks: found, pagination } = await tasks.listTasks(deps, request.actor, request.query)
      return { ...ok({ tasks: found }), pagination }
    },
  )

  app.get(
    '/tasks/categories',
    {
      config: { access: 'signed-in', readsReplica: true },
      schema: {
        operationId: 'listTaskCategories',
        tags,
        summary: 'List the categories of the visible tasks',
        description: 'The most frequent first, at most 1,000. `category` is null for the tasks without one.',
        response: { 200: answer(taskCategoriesReply, 'The categories.') },
      },
    },
    async (request) => ok({ categories: await tasks.listCategories(context.readsFor(request), request.actor) }),
  )

  app.get(
    '/tasks/:id',
    {
      config: { access: 'signed-in', target: { type: 'task', param: 'id' } },
      schema: {
        operationId: 'getTask',
        tags,
        summary: 'Read a task',
        description:
          'With the names of its users, its files and the caller’s own reminders. `ETag` is for `If-None-Match`, and for `If-Match` of a change.',
        params: taskParams,
        headers: ifNoneMatchHeaders,
        response: { 200: answer(taskReply, 'The task.', 'ETag'), 304: notModified, ...errors('NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const task = await tasks.getTask(context, request.actor, request.params.id)
      const etag = representationEtagOf(task.version, [request.urlOf('/'), task])
      reply.header('etag', etag)
      if (isNotModified(request, etag)) return reply.status(304).send(null)
      return ok({ task })
    },
  )

  app.patch(
    '/tasks/:id',
    {
      config: { access: 'signed-in', target: { type: 'task', param: 'id' } },
      schema: {
        operationId: 'updateTask',
        tags,
        summary: 'Change or complete a task',
        params: taskParams,
        headers: ifMatchHeaders,
        body: taskPatch,
        description:
          'Only the fields that are sent change. `If-Match` refuses to overwrite a change that the caller has not seen. Completing a task completes its reminders.',
        response: {
          200: withExample(answer(taskReply, 'The changed task.', 'ETag'), {
            data: { task: { status: 'completed', completedAt: '2030-01-15T08:30:00.000Z', version: 2 } },
          }),
          ...errors('NOT_FOUND', 'STALE'),
        },
      },
    },
    async (request, reply) => {
      const options = { isCurrent: ifMatch(request), origin: originOf(request) }
      const task = await tasks.updateTask(context, request.actor, request.params.id, request.body, options)
      reply.header('etag', etagOf(task.version))
      return ok({ task })
    },
  )

  app.delete(
    '/tasks/:id',
    {
      config: { access: 'signed-in', target: { type: 'task', param: 'id' } },
      schema: {
        operationId: 'deleteTask',
        tags,
        summary: 'Delete a task with its reminders and attachments',
        description: 'With `If-Match` only the version that the caller has seen. Answers with the deleted task.',
        params: taskParams,
        headers: ifMatchHeaders,
        response: { 200: answer(taskReply, 'The deleted task.'), ...errors('FORBIDDEN', 'NOT_FOUND', 'STALE') },
      },
    },
    async (request) => {
      const options = { isCurrent: ifMatch(request), origin: originOf(request) }
      return ok({ task: await tasks.deleteTask(context, request.actor, request.params.id, options) })
    },
  )
}
