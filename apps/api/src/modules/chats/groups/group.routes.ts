import fastifyMultipart from '@fastify/multipart'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../../context.ts'
import { originOf } from '../../../http/actor.ts'
import { rangeHeaders } from '../../../http/etag.ts'
import { answer, errors, ok } from '../../../http/reply.ts'
import { withReceivedFiles } from '../../../http/uploads/receive-files.ts'
import { fileAnswers, serveFile } from '../../../http/uploads/serve-file.ts'
import { avatarUpload } from '../../../http/uploads/upload-rules.ts'
import { chatParams } from '../chats.schema.ts'
import { getChat } from '../chats.service.ts'
import { avatarBody, avatarQuery, chatPatch, groupReply } from './group.schema.ts'
import * as group from './group.service.ts'

const tags = ['chats']
const ofChat = { access: 'signed-in', target: { type: 'chat', param: 'id' } } as const

export const groupRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  await app.register(fastifyMultipart)

  app.patch(
    '/chats/:id',
    {
      config: ofChat,
      schema: {
        operationId: 'updateChat',
        tags,
        summary: 'Rename a group',
        description: 'For admins of the group.',
        params: chatParams,
        body: chatPatch,
        response: { 200: answer(groupReply, 'The group.'), ...errors('FORBIDDEN', 'NOT_FOUND', 'CONFLICT') },
      },
    },
    async (request) => {
      const { actor, params, body } = request
      await group.renameGroup(context, actor, { chatId: params.id, ...body }, { origin: originOf(request) })
      return ok({ chat: await getChat(context, actor, params.id) })
    },
  )

  app.put(
    '/chats/:id/avatar',
    {
      config: { ...ofChat, limit: 'uploads' },
      schema: {
        operationId: 'uploadChatAvatar',
        tags,
        summary: 'Upload an image as the picture of a group',
        description:
          'For admins of the group. Takes one jpeg, png, gif or webp of at most 10 MiB. The picture is made from it shortly after; then `avatarUrl` changes. An image that can’t be used leaves the present picture and sends a notification with the reason.',
        consumes: ['multipart/form-data'],
        params: chatParams,
        body: avatarBody,
        response: {
          202: answer(groupReply, 'The group, whose picture is being made.'),
          ...errors('FORBIDDEN', 'NOT_FOUND', 'CONFLICT'),
        },
      },
    },
    async (request, reply) => {
      const { actor, params } = request
      await group.assertMayChange(context, actor, params.id)
      const { stagingDir } = context.config
      await withReceivedFiles(request, reply, { ...avatarUpload, stagingDir }, async ([file]) => {
        if (file) await group.replaceAvatar(context, actor, { chatId: params.id, file }, { origin: originOf(request) })
      })
      reply.status(202)
      return ok({ chat: await getChat(context, actor, params.id) }, 'The new picture is being made.')
    },
  )

  app.delete(
    '/chats/:id/avatar',
    {
      config: ofChat,
      schema: {
        operationId: 'deleteChatAvatar',
        tags,
        summary: 'Remove the picture of a group',
        description: 'For admins of the group.',
        params: chatParams,
        response: {
          200: answer(groupReply, 'The group without a picture.'),
          ...errors('FORBIDDEN', 'NOT_FOUND', 'CONFLICT'),
        },
      },
    },
    async (request) => {
      const { actor, params } = request
      await group.removeAvatar(context, actor, params.id, { origin: originOf(request) })
      return ok({ chat: await getChat(context, actor, params.id) })
    },
  )

  app.get(
    '/chats/:id/avatar',
    {
      config: ofChat,
      // Ranges refer to the stored bytes, which compression would change.
      compress: false,
      schema: {
        operationId: 'getChatAvatar',
        tags,
        summary: 'Read the picture of a group',
        description: 'With the version in `avatarUrl`, a browser may cache it for an hour.',
        params: chatParams,
        headers: rangeHeaders,
        querystring: avatarQuery,
        response: { ...fileAnswers('image/webp'), ...errors('NOT_FOUND', 'RANGE_NOT_SATISFIABLE') },
      },
    },
    async (request, reply) => {
      const { actor, params, query } = request
      const { key, version, isNamed } = await group.locateAvatar(context, actor, params.id, query.v)
      return serveFile(context, request, reply, {
        key,
        filename: 'picture.webp',
        contentType: 'image/webp',
        isImage: true,
        etag: `"${version}"`,
        ...(isNamed && { cacheControl: 'private, max-age=3600' }),
      })
    },
  )
}
