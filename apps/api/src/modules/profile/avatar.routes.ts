import fastifyMultipart from '@fastify/multipart'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { rangeHeaders } from '../../http/etag.ts'
import { id } from '../../http/fields.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import { withReceivedFiles } from '../../http/uploads/receive-files.ts'
import { fileAnswers, serveFile } from '../../http/uploads/serve-file.ts'
import { avatarUpload } from '../../http/uploads/upload-rules.ts'
import { userParams, userReply } from '../accounts/accounts.schema.ts'
import { getProfile } from '../accounts/own-profile.service.ts'
import * as avatar from './avatar.service.ts'

/** Only for the OpenAPI document: the file is read as a stream and not validated by a schema. */
const uploadBody = z.unknown().meta({
  id: 'AvatarUpload',
  json: {
    type: 'object',
    description: 'The picture.',
    properties: { file: { type: 'string', format: 'binary', description: 'A jpeg, png, gif or webp.' } },
    required: ['file'],
  },
})

export const avatarRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  await app.register(fastifyMultipart)

  app.put(
    '/users/me/avatar',
    {
      config: { access: 'signed-in', limit: 'uploads' },
      schema: {
        operationId: 'uploadAvatar',
        tags: ['users'],
        summary: 'Upload an image as the own avatar',
        description:
          'Takes one jpeg, png, gif or webp of at most 10 MiB. The avatar is made from it shortly after; then `avatarUrl` changes. An image that can’t be used leaves the present avatar and sends a notification with the reason.',
        consumes: ['multipart/form-data'],
        body: uploadBody,
        response: { 202: answer(userReply, 'The profile, whose avatar is being made.') },
      },
    },
    async (request, reply) => {
      const { stagingDir } = context.config
      await withReceivedFiles(request, reply, { ...avatarUpload, stagingDir }, async ([file]) => {
        if (file) await avatar.replaceAvatar(context, request.actor, file, { origin: originOf(request) })
      })
      const { user } = await getProfile(context, request.actor.userId)
      reply.status(202)
      return ok({ user }, 'Your new avatar is being made.')
    },
  )

  app.delete(
    '/users/me/avatar',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'deleteAvatar',
        tags: ['users'],
        summary: 'Remove the own avatar',
        response: { 200: answer(userReply, 'The profile without an avatar.') },
      },
    },
    async (request) => {
      await avatar.removeAvatar(context, request.actor, { origin: originOf(request) })
      const { user } = await getProfile(context, request.actor.userId)
      return ok({ user })
    },
  )

  app.get(
    '/users/:id/avatar',
    {
      config: { access: 'signed-in', target: { type: 'user', param: 'id' } },
      // Ranges refer to the stored bytes, which compression would change.
      compress: false,
      schema: {
        operationId: 'getAvatar',
        tags: ['users'],
        summary: 'Read the avatar of a user',
        description: 'With the version in `avatarUrl`, a browser may cache it for an hour.',
        params: userParams,
        headers: rangeHeaders,
        querystring: z.strictObject({ v: id.optional().describe('The version that `avatarUrl` names.') }),
        response: { ...fileAnswers('image/webp'), ...errors('NOT_FOUND', 'RANGE_NOT_SATISFIABLE') },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { key, version, isNamed } = await avatar.locateAvatar(context, request.actor, id, request.query.v)
      return serveFile(context, request, reply, {
        key,
        filename: 'avatar.webp',
        contentType: 'image/webp',
        isImage: true,
        etag: `"${version}"`,
        ...(isNamed && { cacheControl: 'private, max-age=3600' }),
      })
    },
  )
}
