import fastifyMultipart from '@fastify/multipart'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../../context.ts'
import { originOf } from '../../../http/actor.ts'
import { answer, errors, ok } from '../../../http/reply.ts'
import { withReceivedFiles } from '../../../http/uploads/receive-files.ts'
import { attachmentUpload } from '../../../http/uploads/upload-rules.ts'
import { uploadBody } from '../../attachments/attachments.schema.ts'
import { chatParams } from '../chats.schema.ts'
import { chatFileParams, chatFileReply, chatFilesReply } from './chat-media.schema.ts'
import * as media from './chat-media.service.ts'

const tags = ['chats']
const ofChat = { access: 'signed-in', target: { type: 'chat', param: 'id' } } as const

export const chatMediaRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  await app.register(fastifyMultipart)

  app.post(
    '/chats/:id/media',
    {
      config: { ...ofChat, limit: 'chatMedia' },
      schema: {
        operationId: 'uploadChatMedia',
        tags,
        summary: 'Upload files for a message',
        description:
          'Up to 10 files, 10 MiB each; all of them are stored, or none. Only the caller sees them until a message names them in `attachmentIds`. Files that no message has are deleted after a day. At most 120 requests an hour.',
        consumes: ['multipart/form-data'],
        params: chatParams,
        body: uploadBody,
        response: {
          201: answer(chatFilesReply, 'The uploaded files.'),
          ...errors('FORBIDDEN', 'NOT_FOUND', 'CONFLICT'),
        },
      },
    },
    async (request, reply) => {
      const { actor, params } = request
      await media.assertMayUpload(context, actor, params.id)
      const rules = { ...attachmentUpload, stagingDir: context.config.stagingDir }
      const attachments = await withReceivedFiles(request, reply, rules, (staged) =>
        media.addChatFiles(context, actor, { chatId: params.id, staged }, { origin: originOf(request) }),
      )
      reply.status(201)
      return ok({ attachments })
    },
  )

  app.get(
    '/chats/:id/media/:attachmentId',
    {
      config: ofChat,
      schema: {
        operationId: 'getChatFile',
        tags,
        summary: 'Read the state of a file',
        description: 'For its uploader until it was sent, then for the members who see its message.',
        params: chatFileParams,
        response: { 200: answer(chatFileReply, 'The file.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => {
      const { id: chatId, attachmentId } = request.params
      return ok({ attachment: await media.getChatFile(context, request.actor, { chatId, attachmentId }) })
    },
  )

  app.delete(
    '/chats/:id/media/:attachmentId',
    {
      config: ofChat,
      schema: {
        operationId: 'deleteChatFile',
        tags,
        summary: 'Delete a file that was not sent yet',
        params: chatFileParams,
        response: { 200: answer(chatFileReply, 'The deleted file.'), ...errors('NOT_FOUND', 'CONFLICT') },
      },
    },
    async (request) => {
      const { id: chatId, attachmentId } = request.params
      const options = { origin: originOf(request) }
      return ok({ attachment: await media.deleteChatFile(context, request.actor, { chatId, attachmentId }, options) })
    },
  )
}
