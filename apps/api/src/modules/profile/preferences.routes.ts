import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { answer, ok } from '../../http/reply.ts'
import { preferencesBody, preferencesReply } from './preferences.schema.ts'
import { getPreferences, replacePreferences } from './preferences.service.ts'

export const preferencesRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/users/me/preferences',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getPreferences',
        tags: ['users'],
        summary: 'Read the own preferences',
        response: { 200: answer(preferencesReply, 'The preferences, completed by the defaults.') },
      },
    },
    async (request) => ok({ preferences: await getPreferences(context, request.actor.userId) }),
  )

  app.put(
    '/users/me/preferences',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'replacePreferences',
        tags: ['users'],
        summary: 'Replace the own preferences',
        description: 'Fields that are left out get their defaults.',
        body: preferencesBody,
        response: { 200: answer(preferencesReply, 'The preferences as they are now.') },
      },
    },
    async (request) => {
      const options = { origin: originOf(request) }
      return ok({ preferences: await replacePreferences(context, request.actor, request.body, options) })
    },
  )
}
