import { DomainError } from '@muster/errors'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../../context.ts'
import { originOf } from '../../../http/actor.ts'
import { answer, errors, messageReplyOf, ok, okMessage } from '../../../http/reply.ts'
import { chatParams } from '../chats.schema.ts'
import * as schema from './group-members.schema.ts'
import * as members from './group-members.service.ts'
import { getMembers, listMembers } from './list-members.service.ts'

const tags = ['chats']
const ofChat = { access: 'signed-in', target: { type: 'chat', param: 'id' } } as const
const removed = 'The member is removed.'
const left = 'You left the group.'

export const groupMembersRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/chats/:id/members',
    {
      config: ofChat,
      schema: {
        operationId: 'listChatMembers',
        tags,
        summary: 'List the members of a chat, in the order in which they joined',
        description: 'With presence of friends and of members of the own organization.',
        params: chatParams,
        querystring: schema.membersQuery,
        response: { 200: answer(schema.memberListReply, 'A page of members.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => {
      const { members: found, pagination } = await listMembers(context, request.actor, request.params.id, request.query)
      return { ...ok({ members: found }), pagination }
    },
  )

  app.post(
    '/chats/:id/members',
    {
      config: { ...ofChat, limit: 'chats' },
      schema: {
        operationId: 'addChatMembers',
        tags,
        summary: 'Add members to a group',
        description:
          'For admins of the group. A new member sees later messages only, also one who was a member before. A group has at most 1,000 members.',
        params: chatParams,
        body: schema.addition,
        response: {
          200: answer(schema.addedReply, 'The members, those included who were members before.'),
          ...errors('FORBIDDEN', 'NOT_FOUND', 'CONFLICT'),
        },
      },
    },
    async (request) => {
      const { actor, params, body } = request
      await members.addMembers(context, actor, params.id, { ...body, origin: originOf(request) })
      return ok({ members: await getMembers(context, actor, params.id, body.userIds) })
    },
  )

  app.patch(
    '/chats/:id/members/:userId',
    {
      config: ofChat,
      schema: {
        operationId: 'updateChatMember',
        tags,
        summary: 'Change the role of a member of a group',
        description: 'For admins of the group. A group with members keeps an admin.',
        params: schema.memberParams,
        body: schema.memberPatch,
        response: {
          200: answer(schema.memberReply, 'The member.'),
          ...errors('FORBIDDEN', 'NOT_FOUND', 'CONFLICT', 'LAST_ADMIN'),
        },
      },
    },
    async (request) => {
      const { actor, params, body } = request
      const { id: chatId, userId } = params
      await members.changeRole(context, actor, { chatId, userId, role: body.role }, { origin: originOf(request) })
      const [member] = await getMembers(context, actor, chatId, [userId])
      if (!member) throw new DomainError('NOT_FOUND')
      return ok({ member })
    },
  )

  app.delete(
    '/chats/:id/members/:userId',
    {
      config: ofChat,
      schema: {
        operationId: 'removeChatMember',
        tags,
        summary: 'Remove a member from a group',
        description: 'For admins of the group. The removed user sees the chat no more.',
        params: schema.memberParams,
        response: {
          200: answer(messageReplyOf(removed), 'Removed.'),
          ...errors('FORBIDDEN', 'NOT_FOUND', 'CONFLICT'),
        },
      },
    },
    async (request) => {
      const { id: chatId, userId } = request.params
      await members.removeMember(context, request.actor, { chatId, userId }, { origin: originOf(request) })
      return okMessage(removed)
    },
  )

  app.post(
    '/chats/:id/leave',
    {
      config: ofChat,
      schema: {
        operationId: 'leaveChat',
        tags,
        summary: 'Leave a group',
        description: 'The last admin of a group with other members names the one who becomes admin.',
        params: chatParams,
        body: schema.departure,
        response: {
          200: answer(messageReplyOf(left), 'Left.'),
          ...errors('NOT_FOUND', 'CONFLICT', 'LAST_ADMIN'),
        },
      },
    },
    async (request) => {
      const { successorId = null } = request.body ?? {}
      await members.leaveGroup(
        context,
        request.actor,
        { chatId: request.params.id, successorId },
        { origin: originOf(request) },
      )
      return okMessage(left)
    },
  )
}
