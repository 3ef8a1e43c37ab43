import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { etagOf, ifMatch, ifMatchHeaders } from '../../http/etag.ts'
import { noBody } from '../../http/fields.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import * as change from './change-message.service.ts'
import { chatParams } from './chats.schema.ts'
import {
  messageParams,
  messagePatch,
  messageReply,
  messagesQuery,
  messagesReply,
  newMessage,
  reactionParams,
  readBody,
  readReply,
  searchQuery,
  searchReply,
} from './messages.schema.ts'
import { listMessages } from './messages.service.ts'
import { setReadPosition } from './read-position.service.ts'
import { searchMessages } from './search-messages.service.ts'
import { sendMessage } from './send-message.service.ts'

const tags = ['chats']
const ofChat = { access: 'signed-in', target: { type: 'chat', param: 'id' } } as const
const changing = { ...ofChat, limit: 'messageChanges' } as const

/** Sends, lists, searches, edits and deletes messages, and reacts to them. */
export const messagesRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  await app.register(readingRoutes, { context })
  await app.register(changingRoutes, { context })

  app.post(
    '/chats/:id/messages',
    {
      config: ofChat,
      schema: {
        operationId: 'sendMessage',
        tags,
        summary: 'Send a message',
        description:
          'The same `clientId` and content write one message, however often they are sent; later answers have status 200 and the message as it is then. At most 60 new messages a minute.',
        params: chatParams,
        body: newMessage,
        response: {
          201: answer(messageReply, 'The new message.', 'ETag', 'Location'),
          200: answer(messageReply, 'The message that this `clientId` wrote before.', 'ETag', 'Location'),
          ...errors('FORBIDDEN', 'NOT_FOUND', 'CONFLICT', 'IDEMPOTENCY_MISMATCH'),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { message, isNew } = await sendMessage(context, request.actor, id, {
        message: request.body,
        takeLimit: () => request.takeLimit('messages'),
      })
      reply
        .status(isNew ? 201 : 200)
        .header('etag', etagOf(message.version))
        .header('location', request.urlOf(`/api/v1/chats/${id}/messages/${message.id}`))
      return ok({ message })
    },
  )
}

const readingRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/chats/search',
    {
      config: { access: 'signed-in', limit: 'messageSearches', readsReplica: true },
      schema: {
        operationId: 'searchMessages',
        tags,
        summary: 'Search the messages that are visible to the caller, the newest first',
        querystring: searchQuery,
        response: { 200: answer(searchReply, 'A page of messages.') },
      },
    },
    async (request) => {
      const { messages, pagination } = await searchMessages(context.readsFor(request), request.actor, request.query)
      return { ...ok({ messages }), pagination }
    },
  )

  app.get(
    '/chats/:id/messages',
    {
      config: ofChat,
      schema: {
        operationId: 'listMessages',
        tags,
        summary: 'List messages of a chat',
        description: 'Without `before` and `after` the latest ones. Always ascending by number.',
        params: chatParams,
        querystring: messagesQuery,
        response: { 200: answer(messagesReply, 'The messages.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => ok(await listMessages(context, request.actor, request.params.id, request.query)),
  )

  app.get(
    '/chats/:id/messages/:messageId',
    {
      config: ofChat,
      schema: {
        operationId: 'getMessage',
        tags,
        summary: 'Read a message',
        params: messageParams,
        response: { 200: answer(messageReply, 'The message.', 'ETag'), ...errors('NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const message = await change.getMessage(context, request.actor, placeOf(request.params))
      reply.header('etag', etagOf(message.version))
      return ok({ message })
    },
  )

  app.put(
    '/chats/:id/read',
    {
      config: ofChat,
      schema: {
        operationId: 'markChatRead',
        tags,
        summary: 'Say how far the caller has read a chat',
        description:
          'The position only rises: a lower number changes nothing, and the answer has the position as it is. Sending a message does not change it.',
        params: chatParams,
        body: readBody,
        response: { 200: answer(readReply, 'The position.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => ok(await setReadPosition(context, request.actor.userId, request.params.id, request.body)),
  )
}

const changingRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.patch(
    '/chats/:id/messages/:messageId',
    {
      config: changing,
      schema: {
        operationId: 'editMessage',
        tags,
        summary: 'Edit a message',
        description:
          'Its sender can, for 24 hours. `If-Match` refuses to overwrite a change that the caller has not seen.',
        params: messageParams,
        headers: ifMatchHeaders,
        body: messagePatch,
        response: {
          200: answer(messageReply, 'The changed message.', 'ETag'),
          ...errors('FORBIDDEN', 'NOT_FOUND', 'CONFLICT', 'STALE'),
        },
      },
    },
    async (request, reply) => {
      const options = { patch: request.body, isCurrent: ifMatch(request) }
      const message = await change.editMessage(context, request.actor, placeOf(request.params), options)
      reply.header('etag', etagOf(message.version))
      return ok({ message })
    },
  )

  app.delete(
    '/chats/:id/messages/:messageId',
    {
      config: changing,
      schema: {
        operationId: 'deleteMessage',
        tags,
        summary: 'Delete a message for everybody',
        description:
          'Its sender can at any time, also in a chat that is read-only; admins of a group can delete every message. Its number stays, with `deletedAt` and without text, files and reactions.',
        params: messageParams,
        response: { 200: answer(messageReply, 'What stays of the message.'), ...errors('FORBIDDEN', 'NOT_FOUND') },
      },
    },
    async (request) => {
      const options = { origin: originOf(request) }
      return ok({ message: await change.deleteMessage(context, request.actor, placeOf(request.params), options) })
    },
  )

  app.put(
    '/chats/:id/messages/:messageId/reactions/:emoji',
    {
      config: changing,
      schema: {
        operationId: 'addReaction',
        tags,
        summary: 'React to a message with an emoji',
        description: 'A member can react with several emoji. A message has at most 20 different ones.',
        params: reactionParams,
        body: noBody,
        response: {
          200: answer(messageReply, 'The message.'),
          ...errors('FORBIDDEN', 'NOT_FOUND', 'CONFLICT'),
        },
      },
    },
    async (request) => {
      const { emoji, ...params } = request.params
      return ok({ message: await change.addReaction(context, request.actor, placeOf(params), emoji) })
    },
  )

  app.delete(
    '/chats/:id/messages/:messageId/reactions/:emoji',
    {
      config: changing,
      schema: {
        operationId: 'removeReaction',
        tags,
        summary: 'Remove the caller’s reaction with an emoji',
        params: reactionParams,
        response: { 200: answer(messageReply, 'The message.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => {
      const { emoji, ...params } = request.params
      return ok({ message: await change.removeReaction(context, request.actor, placeOf(params), emoji) })
    },
  )
}

const placeOf = ({ id, messageId }: { id: string; messageId: string }): change.MessagePlace => ({
  chatId: id,
  messageId,
})
