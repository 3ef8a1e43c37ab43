import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { errorReply, messageReply, ok, said } from '../../http/reply.ts'
import * as members from '../members/members.service.ts'
import * as schema from './organizations.schema.ts'
import * as organizations from './organizations.service.ts'

const tags = ['organizations']

export const organizationsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/organization',
    {
      config: { access: rolesWith('organization.read') },
      schema: {
        tags,
        summary: 'Read the own organization',
        response: { 200: schema.organizationReply, 404: errorReply },
      },
    },
    async (request) => ok({ organization: await organizations.getOrganization(context, request.actor) }),
  )

  app.patch(
    '/organization',
    {
      config: { access: rolesWith('organization.change') },
      schema: {
        tags,
        summary: 'Rename the own organization, or require a second factor',
        description:
          'Members who lack a required factor can do nothing but set it up, from within a second on. `totp` satisfies a required `otp`, not the reverse.',
        body: schema.organizationPatch,
        response: { 200: schema.organizationReply, 404: errorReply },
      },
    },
    async (request) => {
      const { actor, body } = request
      const options = { origin: originOf(request) }
      return ok({ organization: await organizations.updateOrganization(context, actor, body, options) })
    },
  )

  app.get(
    '/organization/members',
    {
      config: { access: rolesWith('organization.read') },
      schema: {
        tags,
        summary: 'List the members of the own organization, by name',
        description: 'Also those who are deactivated.',
        querystring: schema.membersQuery,
        response: { 200: schema.membersReply },
      },
    },
    async (request) => {
      const { members: found, pagination } = await members.listMembers(context, request.actor, request.query)
      return { ...ok({ members: found }), pagination }
    },
  )

  app.patch(
    '/organization/members/:userId',
    {
      config: { access: rolesWith('member.change'), target: { type: 'user', param: 'userId' } },
      schema: {
        tags,
        summary: 'Change the role of a member, deactivate or reactivate them',
        description: 'A deactivated member is signed out within a second and can’t sign in.',
        params: schema.memberParams,
        body: schema.memberPatch,
        response: { 200: schema.memberReply, 404: errorReply },
      },
    },
    async (request) => {
      const { actor, params, body } = request
      const options = { origin: originOf(request) }
      return ok({ member: await members.updateMember(context, actor, params.userId, body, options) })
    },
  )

  app.delete(
    '/organization/members/:userId',
    {
      config: { access: rolesWith('member.remove'), target: { type: 'user', param: 'userId' } },
      schema: {
        tags,
        summary: 'Remove a member, or leave',
        description:
          'They get a personal organization, into which their tasks go along; nobody who stays is assigned to these any more. With one’s own id one leaves.',
        params: schema.memberParams,
        response: { 200: messageReply, 404: errorReply, 409: errorReply },
      },
    },
    async (request) => {
      const { actor, params } = request
      await members.removeMember(context, actor, params.userId, { origin: originOf(request) })
      return said(params.userId === actor.userId ? 'You have left the organization.' : 'The member is removed.')
    },
  )
}
