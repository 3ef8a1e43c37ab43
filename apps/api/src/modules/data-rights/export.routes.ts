import type { Readable } from 'node:stream'
import { preferences } from '@muster/policy'
import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { user } from '../accounts/accounts.schema.ts'
import { exportPerson } from './export.service.ts'
import { sections } from './export-sections.ts'

/** For the documentation alone: the file is written as a stream, past any schema. */
const exported = z
  .object({ exportedAt: z.iso.datetime(), profile: user.loose(), preferences })
  .extend(Object.fromEntries(sections.map(({ name }) => [name, z.array(z.looseObject({}))])))
const file = { content: { 'application/json': { schema: exported } } }

export const exportRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/users/me/export',
    {
      config: { access: 'signed-in', hasEffects: true, limit: 'exports' },
      schema: {
        tags: ['users'],
        summary: 'Take along everything that Muster holds about oneself',
        description: 'One JSON file. Five times an hour.',
        response: { 200: file },
      },
    },
    async (request, reply) => {
      const { filename, stream } = await exportPerson(context, request.actor, { origin: originOf(request) })
      return sendFile(reply, filename, stream)
    },
  )
}

const sendFile = (reply: FastifyReply, filename: string, stream: Readable) =>
  reply
    .type('application/json; charset=utf-8')
    .header('content-disposition', `attachment; filename="${filename}"`)
    .send(stream)
