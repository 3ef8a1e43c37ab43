import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { originOf } from '../../plugins/actor.ts'
import type { Context } from '../../plugins/context.ts'
import { idempotencyHeaders, idempotencyOf } from '../../plugins/idempotency.ts'
import { errorReply, ok } from '../../plugins/reply.ts'
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
const refusals = { 400: errorReply, 401: errorReply, 404: errorReply }

export const remindersRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/reminders',
    {
      config: signedIn,
      schema: {
        tags,
        headers: idempotencyHeaders,
        body: newReminder,
        response: { 201: reminderReply, ...refusals, 409: errorReply, 422: errorReply },
      },
    },
    async (request, reply) => {
      const options = { idempotency: idempotencyOf(request, 'reminders'), origin: originOf(request) }
      const reminder = await reminders.createReminder(context, request.actor, request.body, options)
      reply.status(201).header('location', `/api/v1/reminders/${reminder.id}`)
      return ok({ reminder })
    },
  )

  app.get(
    '/reminders',
    {
      config: signedIn,
      schema: {
        tags,
        querystring: reminderQuery,
        response: { 200: reminderPageReply, 400: errorReply, 401: errorReply },
      },
    },
    async (request) => {
      const { reminders: found, pagination } = await reminders.listReminders(context, request.actor, request.query)
      return { ...ok({ reminders: found }), pagination }
    },
  )

  app.get(
    '/tasks/:id/reminders',
    { config: signedIn, schema: { tags, params: reminderParams, response: { 200: remindersReply, ...refusals } } },
    async (request) =>
      ok({ reminders: await reminders.listRemindersOfTask(context, request.actor, request.params.id) }),
  )

  app.get(
    '/reminders/:id',
    { config: signedIn, schema: { tags, params: reminderParams, response: { 200: reminderReply, ...refusals } } },
    async (request) => ok({ reminder: await reminders.getReminder(context, request.actor, request.params.id) }),
  )

  app.patch(
    '/reminders/:id',
    {
      config: signedIn,
      schema: {
        tags,
        params: reminderParams,
        body: reminderPatch,
        response: { 200: reminderReply, ...refusals, 409: errorReply },
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
    { config: signedIn, schema: { tags, params: reminderParams, response: { 200: reminderReply, ...refusals } } },
    async (request) => {
      const options = { origin: originOf(request) }
      return ok({ reminder: await reminders.deleteReminder(context, request.actor, request.params.id, options) })
    },
  )
}
