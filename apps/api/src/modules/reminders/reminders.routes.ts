import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { idempotencyHeaders, idempotencyOf } from '../../http/idempotency.ts'
import { errorReply, ok } from '../../http/reply.ts'
import {
  newReminder,
  reminderPageReply,
  reminderParams,
  reminderPatch,
  reminderQuery,
  reminderReply,
  remindersReply,
} from './reminders.schema.ts'
import * as reminders from './reminders.service.ts'

const signedIn = { access: 'signed-in' } as const
const tags = ['reminders']
const notFound = { 404: errorReply }

export const remindersRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/reminders',
    {
      config: { ...signedIn, target: { type: 'task', field: 'taskId' } },
      schema: {
        tags,
        summary: 'Create a reminder of a task',
        headers: idempotencyHeaders,
        body: newReminder,
        response: { 201: reminderReply, ...notFound, 409: errorReply, 422: errorReply },
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
      config: signedIn,
      schema: {
        tags,
        summary: 'List the caller’s reminders',
        querystring: reminderQuery,
        response: { 200: reminderPageReply },
      },
    },
    async (request) => {
      const { reminders: found, pagination } = await reminders.listReminders(context, request.actor, request.query)
      return { ...ok({ reminders: found }), pagination }
    },
  )

  app.get(
    '/tasks/:id/reminders',
    {
      config: { ...signedIn, target: { type: 'task', param: 'id' } },
      schema: {
        tags,
        summary: 'List the caller’s reminders of a task',
        params: reminderParams,
        response: { 200: remindersReply, ...notFound },
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
        tags,
        summary: 'Read a reminder',
        params: reminderParams,
        response: { 200: reminderReply, ...notFound },
      },
    },
    async (request) => ok({ reminder: await reminders.getReminder(context, request.actor, request.params.id) }),
  )

  app.patch(
    '/reminders/:id',
    {
      config: { ...signedIn, target: { type: 'reminder', param: 'id' } },
      schema: {
        tags,
        summary: 'Move, complete or cancel a reminder',
        params: reminderParams,
        body: reminderPatch,
        response: { 200: reminderReply, ...notFound, 409: errorReply },
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
        tags,
        summary: 'Delete a reminder',
        params: reminderParams,
        response: { 200: reminderReply, ...notFound },
      },
    },
    async (request) => {
      const options = { origin: originOf(request) }
      return ok({ reminder: await reminders.deleteReminder(context, request.actor, request.params.id, options) })
    },
  )
}
