import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { answer, errors, messageReplyOf, ok, okMessage } from '../../http/reply.ts'
import * as schema from './members.schema.ts'
import { listMembers, removeMember, updateMember } from './members.service.ts'

const tags = ['organizations']
const target = { type: 'user', param: 'userId' } as const

export const membersRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/organization/members',
    {
      config: { access: rolesWith('organization.read'), readsReplica: true },
      schema: {
        operationId: 'listMembers',
        tags,
        summary: 'List the members of the own organization, by name',
        description: 'Deactivated members are listed too.',
        querystring: schema.membersQuery,
        response: { 200: answer(schema.membersReply, 'A page of members.') },
      },
    },
    async (request) => {
      const { members, pagination } = await listMembers(
        { ...context, reads: context.readsFor(request) },
        request.actor,
        request.query,
      )
      return { ...ok({ members }), pagination }
    },
  )

  app.patch(
    '/organization/members/:userId',
    {
      config: { access: rolesWith('member.change'), target },
      schema: {
        operationId: 'updateMember',
        tags,
        summary: 'Change the role of a member, deactivate or reactivate them',
        description: 'A deactivated member is signed out within a second and can’t sign in.',
        params: schema.memberParams,
        body: schema.memberPatch,
        response: { 200: answer(schema.memberReply, 'The changed member.'), ...errors('NOT_FOUND', 'LAST_ADMIN') },
      },
    },
    async (request) => {
      const { actor, params, body } = request
      const options = { origin: originOf(request) }
      return ok({ member: await updateMember(context, actor, params.userId, body, options) })
    },
  )

  app.delete(
    '/organization/members/:userId',
    {
      config: { access: rolesWith('member.remove'), target },
      schema: {
        operationId: 'removeMember',
        tags,
        summary: 'Remove a member, or leave',
        description:
          'The member gets a personal organization, and their tasks are transferred there without assignees who stay. With the own id, the actor leaves the organization.',
        params: schema.memberParams,
        response: {
          200: answer(messageReplyOf('You have left the organization.'), 'Removed.'),
          ...errors('FORBIDDEN', 'NOT_FOUND', 'LAST_ADMIN'),
        },
      },
    },
    async (request) => {
      const { actor, params } = request
      await removeMember(context, actor, params.userId, { origin: originOf(request) })
      return okMessage(params.userId === actor.userId ? 'You have left the organization.' : 'The member is removed.')
    },
  )
}
