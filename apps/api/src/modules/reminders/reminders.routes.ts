import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { idempotencyHeaders, idempotencyOf } from '../../http/idempotency.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import {
  newReminder,
  reminderPageReply,
  reminderParams,
  reminderPatch,
  reminderQuery,
  reminderReply,
  remindersReply,
  taskOfRemindersParams,
} from './reminders.schema.ts'
import * as reminders from './reminders.service.ts'

const signedIn = { access: 'signed-in' } as const
const tags = ['reminders']

export const remindersRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/reminders',
    {
      config: { ...signedIn, target: { type: 'task', field: 'taskId' } },
      schema: {
        operationId: 'createReminder',
        tags,
        summary: 'Create a reminder of a task',
        headers: idempotencyHeaders,
        body: newReminder,
        response: {
          201: answer(reminderReply, 'The new reminder.', 'Location'),
          ...errors('NOT_FOUND', 'CONFLICT', 'IDEMPOTENCY_MISMATCH'),
        },
      },
    },
    async (request, reply) => {
      const options = { idempotency: idempotencyOf(request, 'reminders'), origin: originOf(request) }
      const reminder = await reminders.createReminder(context, request.actor, request.body, options)
      reply.status(201).header('location', request.urlOf(`/api/v1/reminders/${reminder.id}`))
      return ok({ reminder })
    },
  )

  app.get(
    '/reminders',
    {
      config: { ...signedIn, readsReplica: true },
      schema: {
        operationId: 'listReminders',
        tags,
        summary: 'List the caller’s reminders',
        querystring: reminderQuery,
        response: { 200: answer(reminderPageReply, 'A page of reminders.') },
      },
    },
    async (request) => {
      const { reminders: found, pagination } = await reminders.listReminders(
        context.readsFor(request),
        request.actor,
        request.query,
      )
      return { ...ok({ reminders: found }), pagination }
    },
  )

  app.get(
    '/tasks/:id/reminders',
    {
      config: { ...signedIn, target: { type: 'task', param: 'id' } },
      schema: {
        operationId: 'listTaskReminders',
        tags,
        summary: 'List the caller’s reminders of a task',
        params: taskOfRemindersParams,
        response: { 200: answer(remindersReply, 'The reminders.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) =>
      ok({ reminders: await reminders.listRemindersOfTask(context, request.actor, request.params.id) }),
  )

  app.get(
    '/reminders/:id',
    {
      config: { ...signedIn, target: { type: 'reminder', param: 'id' } },
      schema: {
        operationId: 'getReminder',
        tags,
        summary: 'Read a reminder',
        params: reminderParams,
        response: { 200: answer(reminderReply, 'The reminder.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => ok({ reminder: await reminders.getReminder(context, request.actor, request.params.id) }),
  )

  app.patch(
    '/reminders/:id',
    {
      config: { ...signedIn, target: { type: 'reminder', param: 'id' } },
      schema: {
        operationId: 'updateReminder',
        tags,
        summary: 'Move, complete or cancel a reminder',
        params: reminderParams,
        body: reminderPatch,
        response: { 200: answer(reminderReply, 'The changed reminder.'), ...errors('NOT_FOUND', 'CONFLICT') },
      },
    },
    async (request) => {
      const options = { origin: originOf(request) }
      const { id } = request.params
      return ok({ reminder: await reminders.updateReminder(context, request.actor, id, request.body, options) })
    },
  )

  app.delete(
    '/reminders/:id',
    {
      config: { ...signedIn, target: { type: 'reminder', param: 'id' } },
      schema: {
        operationId: 'deleteReminder',
        tags,
        summary: 'Delete a reminder',
        params: reminderParams,
        response: { 200: answer(reminderReply, 'The reminder.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => {
      const options = { origin: originOf(request) }
      return ok({ reminder: await reminders.deleteReminder(context, request.actor, request.params.id, options) })
    },
  )
}
