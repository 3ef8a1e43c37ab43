import type { Readable } from 'node:stream'
import { preferences } from '@muster/policy'
import { instant } from '@muster/realtime/shapes'
import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { user } from '../accounts/accounts.schema.ts'
import { exportUser } from './export.service.ts'
import { sections } from './export-sections.ts'

/** Only for the OpenAPI document: the file is sent as a stream and not serialized by a schema. */
const exported = z
  .object({
    exportedAt: instant.describe('When it was exported.'),
    profile: user.loose().describe('The own profile.'),
    preferences: preferences.describe('The own preferences.'),
  })
  .extend(
    Object.fromEntries(
      sections.map(({ name }) => [
        name,
        z.array(z.looseObject({})).describe(`The rows of ${name} that concern the user.`),
      ]),
    ),
  )
  .meta({ id: 'DataExport', description: 'Everything that is stored about a user.' })
const file = {
  description: 'The file.',
  headers: ['Content-Disposition'] as const,
  content: { 'application/json': { schema: exported } },
}

export const exportRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/users/me/export',
    {
      config: { access: 'signed-in', hasEffects: true, limit: 'exports', readsReplica: true },
      schema: {
        operationId: 'exportOwnData',
        tags: ['users'],
        summary: 'Export everything that Muster stores about the own account',
        description: 'Sends one JSON file. At most five exports an hour.',
        response: { 200: file },
      },
    },
    async (request, reply) => {
      const { filename, stream } = await exportUser({ ...context, reads: context.readsFor(request) }, request.actor, {
        origin: originOf(request),
        urlOf: (path) => request.urlOf(path),
      })
      return sendFile(reply, filename, stream)
    },
  )
}

const sendFile = (reply: FastifyReply, filename: string, stream: Readable) =>
  reply
    .type('application/json; charset=utf-8')
    .header('content-disposition', `attachment; filename="${filename}"`)
    .send(stream)
