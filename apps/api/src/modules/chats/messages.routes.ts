import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { etagOf } from '../../http/etag.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import { chatParams } from './chats.schema.ts'
import { messageReply, messagesQuery, messagesReply, newMessage } from './messages.schema.ts'
import { listMessages } from './messages.service.ts'
import { sendMessage } from './send-message.service.ts'

const tags = ['chats']
const ofChat = { access: 'signed-in', target: { type: 'chat', param: 'id' } } as const

export const messagesRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
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
          201: answer(messageReply, 'The new message.', 'ETag'),
          200: answer(messageReply, 'The message that this `clientId` wrote before.', 'ETag'),
          ...errors('FORBIDDEN', 'NOT_FOUND', 'CONFLICT', 'IDEMPOTENCY_MISMATCH'),
        },
      },
    },
    async (request, reply) => {
      const { message, isNew } = await sendMessage(context, request.actor, request.params.id, {
        message: request.body,
        takeLimit: () => request.takeLimit('messages'),
      })
      reply.status(isNew ? 201 : 200).header('etag', etagOf(message.version))
      return ok({ message })
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
}
