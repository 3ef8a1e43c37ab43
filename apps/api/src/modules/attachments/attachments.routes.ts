import fastifyMultipart from '@fastify/multipart'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { rangeHeaders } from '../../http/etag.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import { clearOldUploads, withReceivedFiles } from '../../http/uploads/receive-files.ts'
import { fileAnswers, serveFile } from '../../http/uploads/serve-file.ts'
import { attachmentUpload } from '../../http/uploads/upload-rules.ts'
import {
  attachmentParams,
  attachmentReply,
  attachmentsReply,
  taskOfFilesParams,
  uploadBody,
} from './attachments.schema.ts'
import * as attachments from './attachments.service.ts'

const signedIn = { access: 'signed-in' } as const
const tags = ['attachments']

export const attachmentsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  await app.register(fastifyMultipart)
  const rules = { ...attachmentUpload, stagingDir: context.config.stagingDir }
  app.addHook('onReady', () => clearOldUploads(context.config.stagingDir, context.clock.now()))

  app.post(
    '/tasks/:id/attachments',
    {
      config: { ...signedIn, limit: 'uploads', target: { type: 'task', param: 'id' } },
      schema: {
        operationId: 'uploadAttachments',
        tags,
        summary: 'Attach files to a task',
        description: 'Up to 10 files, 10 MiB each; all of them are stored, or none.',
        consumes: ['multipart/form-data'],
        params: taskOfFilesParams,
        body: uploadBody,
        response: { 201: answer(attachmentsReply, 'The attached files.'), ...errors('NOT_FOUND', 'CONFLICT') },
      },
    },
    async (request, reply) => {
      const { actor, params } = request
      await attachments.assertTaskVisible(context, actor, params.id)
      const added = await withReceivedFiles(request, reply, rules, (files) =>
        attachments.addAttachments(context, actor, params.id, files, { origin: originOf(request) }),
      )
      reply.status(201)
      return ok({ attachments: added })
    },
  )

  app.get(
    '/tasks/:id/attachments',
    {
      config: { ...signedIn, target: { type: 'task', param: 'id' } },
      schema: {
        operationId: 'listAttachments',
        tags,
        summary: 'List the files of a task',
        params: taskOfFilesParams,
        response: { 200: answer(attachmentsReply, 'The files.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) =>
      ok({ attachments: await attachments.listAttachments(context, request.actor, request.params.id) }),
  )

  app.get(
    '/attachments/:id',
    {
      config: { ...signedIn, target: { type: 'attachment', param: 'id' } },
      schema: {
        operationId: 'getAttachment',
        tags,
        summary: 'Read the metadata of a file',
        params: attachmentParams,
        response: { 200: answer(attachmentReply, 'The file.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => ok({ attachment: await attachments.getAttachment(context, request.actor, request.params.id) }),
  )

  for (const variant of ['content', 'thumbnail'] as const) {
    app.get(
      `/attachments/:id/${variant}`,
      {
        config: signedIn,
        // Ranges refer to the stored bytes, which compression would change.
        compress: false,
        schema: {
          operationId: variant === 'content' ? 'getAttachmentContent' : 'getAttachmentThumbnail',
          tags,
          summary: variant === 'content' ? 'Read the bytes of a file' : 'Read the thumbnail of an image',
          params: attachmentParams,
          headers: rangeHeaders,
          response: { ...fileAnswers('*/*'), ...errors('NOT_FOUND', 'CONFLICT', 'RANGE_NOT_SATISFIABLE') },
        },
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
      config: { ...signedIn, target: { type: 'attachment', param: 'id' } },
      schema: {
        operationId: 'deleteAttachment',
        tags,
        summary: 'Delete a file',
        params: attachmentParams,
        response: { 200: answer(attachmentReply, 'The deleted file.'), ...errors('FORBIDDEN', 'NOT_FOUND') },
      },
    },
    async (request) => {
      const options = { origin: originOf(request) }
      return ok({ attachment: await attachments.deleteAttachment(context, request.actor, request.params.id, options) })
    },
  )
}
