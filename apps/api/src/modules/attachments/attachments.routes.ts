import fastifyMultipart from '@fastify/multipart'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { originOf } from '../../plugins/actor.ts'
import type { Context } from '../../plugins/context.ts'
import { routeLimit } from '../../plugins/rate-limits.ts'
import { errorReply, ok } from '../../plugins/reply.ts'
import { attachmentParams, attachmentReply, attachmentsReply } from './attachments.schema.ts'
import * as attachments from './attachments.service.ts'
import { clearOldUploads, withReceivedFiles } from './receive-files.ts'
import { serveFile } from './serve-file.ts'

const signedIn = { access: 'signed-in' } as const
const tags = ['attachments']
const refusals = { 400: errorReply, 401: errorReply, 404: errorReply }

export const attachmentsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  await app.register(fastifyMultipart)
  app.addHook('onReady', () => clearOldUploads(context.config.stagingDir, context.clock.now()))

  app.post(
    '/tasks/:id/attachments',
    {
      config: { ...signedIn, rateLimit: routeLimit(context, 'uploads', 'user') },
      schema: {
        tags,
        description:
          'multipart/form-data with up to 10 parts named `files`, 10 MB each; all of them are kept, or none.',
        consumes: ['multipart/form-data'],
        params: attachmentParams,
        response: {
          201: attachmentsReply,
          ...refusals,
          409: errorReply,
          413: errorReply,
          415: errorReply,
          429: errorReply,
        },
      },
    },
    async (request, reply) => {
      const { actor, params } = request
      await attachments.assertSeesTask(context, actor, params.id)
      const added = await withReceivedFiles(request, context.config.stagingDir, (files) =>
        attachments.addAttachments(context, actor, params.id, files, { origin: originOf(request) }),
      )
      reply.status(201)
      return ok({ attachments: added })
    },
  )

  app.get(
    '/tasks/:id/attachments',
    { config: signedIn, schema: { tags, params: attachmentParams, response: { 200: attachmentsReply, ...refusals } } },
    async (request) =>
      ok({ attachments: await attachments.listAttachments(context, request.actor, request.params.id) }),
  )

  app.get(
    '/attachments/:id',
    { config: signedIn, schema: { tags, params: attachmentParams, response: { 200: attachmentReply, ...refusals } } },
    async (request) => ok({ attachment: await attachments.getAttachment(context, request.actor, request.params.id) }),
  )

  for (const variant of ['content', 'thumbnail'] as const) {
    app.get(
      `/attachments/:id/${variant}`,
      {
        config: signedIn,
        // Ranges count the bytes as they are stored.
        compress: false,
        schema: { tags, params: attachmentParams, response: { ...refusals, 409: errorReply } },
      },
      async (request, reply) => {
        const { id } = request.params
        const file = await attachments.locateContent(context, request.actor, id, variant)
        return serveFile(context, request, reply, { ...file, etag: `"${id}-${variant}"` })
      },
    )
  }

  app.delete(
    '/attachments/:id',
    {
      config: signedIn,
      schema: { tags, params: attachmentParams, response: { 200: attachmentReply, ...refusals, 403: errorReply } },
    },
    async (request) => {
      const options = { origin: originOf(request) }
      return ok({ attachment: await attachments.deleteAttachment(context, request.actor, request.params.id, options) })
    },
  )
}
