import { preferences } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { ok } from '../../http/reply.ts'
import { preferencesReply } from './preferences.schema.ts'
import { getPreferences, replacePreferences } from './preferences.service.ts'

export const preferencesRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/users/me/preferences',
    {
      config: { access: 'signed-in' },
      schema: { tags: ['users'], summary: 'Read the own preferences', response: { 200: preferencesReply } },
    },
    async (request) => ok({ preferences: await getPreferences(context, request.actor.userId) }),
  )

  app.put(
    '/users/me/preferences',
    {
      config: { access: 'signed-in' },
      schema: {
        tags: ['users'],
        summary: 'Replace the own preferences',
        description: 'Fields that are left out get their defaults.',
        body: preferences,
        response: { 200: preferencesReply },
      },
    },
    async (request) => {
      const options = { origin: originOf(request) }
      return ok({ preferences: await replacePreferences(context, request.actor, request.body, options) })
    },
  )
}
