import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { noBody } from '../../http/fields.ts'
import { idempotencyHeaders, idempotencyOf } from '../../http/idempotency.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import * as settings from './chat-settings.service.ts'
import {
  changesQuery,
  changesReply,
  chatListReply,
  chatParams,
  chatQuery,
  chatReply,
  mute,
  newChat,
} from './chats.schema.ts'
import * as chats from './chats.service.ts'
import { createChat } from './create-chat.service.ts'
import { messagesRoutes } from './messages.routes.ts'

const tags = ['chats']
const ofChat = { access: 'signed-in', target: { type: 'chat', param: 'id' } } as const

export const chatsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  await app.register(messagesRoutes, { context })
  await app.register(settingsRoutes, { context })

  app.post(
    '/chats',
    {
      config: { access: 'signed-in', limit: 'chats' },
      schema: {
        operationId: 'createChat',
        tags,
        summary: 'Begin a chat with a user, or create a group',
        description:
          'Two users have one direct chat: when it exists already it is answered with 200. With an `Idempotency-Key`, the same request within 24 hours answers with the same chat again.',
        headers: idempotencyHeaders,
        body: newChat,
        response: {
          201: answer(chatReply, 'The new chat.', 'Location'),
          200: answer(chatReply, 'The direct chat that exists already.'),
          ...errors('FORBIDDEN', 'CONFLICT', 'IDEMPOTENCY_MISMATCH'),
        },
      },
    },
    async (request, reply) => {
      const options = { idempotency: idempotencyOf(request, 'chats'), origin: originOf(request) }
      const { id, isNew } = await createChat(context, request.actor, request.body, options)
      const chat = await chats.getCreatedChat(context, request.actor, id)
      if (isNew) reply.status(201).header('location', request.urlOf(`/api/v1/chats/${id}`))
      return ok({ chat })
    },
  )

  app.get(
    '/chats',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listChats',
        tags,
        summary: 'List the caller’s chats, the latest activity first',
        description:
          'Each with its last message and the number of unread ones. Messages that arrive while a client reads page after page move no chat from one page to another.',
        querystring: chatQuery,
        response: { 200: answer(chatListReply, 'A page of chats.') },
      },
    },
    async (request) => {
      const { chats: found, pagination } = await chats.listChats(context, request.actor, request.query)
      return { ...ok({ chats: found }), pagination }
    },
  )

  app.get(
    '/chats/:id',
    {
      config: ofChat,
      schema: {
        operationId: 'getChat',
        tags,
        summary: 'Read a chat',
        params: chatParams,
        response: { 200: answer(chatReply, 'The chat.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => ok({ chat: await chats.getChat(context, request.actor, request.params.id) }),
  )

  app.get(
    '/chats/:id/changes',
    {
      config: ofChat,
      schema: {
        operationId: 'listChatChanges',
        tags,
        summary: 'List what changed in a chat after a number',
        description:
          'Each change as the current state of the message, the member or the chat that it touched. Numbers that a later change of the same thing replaced are skipped.',
        params: chatParams,
        querystring: changesQuery,
        response: { 200: answer(changesReply, 'The changes.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => ok(await chats.listChanges(context, request.actor, request.params.id, request.query)),
  )
}

/** Routes of a member's own settings in a chat. */
const settingsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const response = { 200: answer(chatReply, 'The chat.'), ...errors('NOT_FOUND') }

  app.put(
    '/chats/:id/mute',
    {
      config: ofChat,
      schema: {
        operationId: 'muteChat',
        tags,
        summary: 'Mute a chat for the caller',
        description: 'A muted chat causes no notifications and no mails. Mentions do, unless they are muted too.',
        params: chatParams,
        body: mute,
        response,
      },
    },
    async (request) => ok({ chat: await settings.muteChat(context, request.actor, request.params.id, request.body) }),
  )

  app.delete(
    '/chats/:id/mute',
    {
      config: ofChat,
      schema: { operationId: 'unmuteChat', tags, summary: 'End the muting of a chat', params: chatParams, response },
    },
    async (request) => ok({ chat: await settings.unmuteChat(context, request.actor, request.params.id) }),
  )

  app.put(
    '/chats/:id/archive',
    {
      config: ofChat,
      schema: {
        operationId: 'archiveChat',
        tags,
        summary: 'Archive a chat for the caller',
        description: 'It leaves the list of chats for that of the archived ones, until the caller moves it back.',
        params: chatParams,
        body: noBody,
        response,
      },
    },
    async (request) => ok({ chat: await settings.archiveChat(context, request.actor, request.params.id) }),
  )

  app.delete(
    '/chats/:id/archive',
    {
      config: ofChat,
      schema: {
        operationId: 'unarchiveChat',
        tags,
        summary: 'Move a chat back from the archived ones',
        params: chatParams,
        response,
      },
    },
    async (request) => ok({ chat: await settings.unarchiveChat(context, request.actor, request.params.id) }),
  )
}
