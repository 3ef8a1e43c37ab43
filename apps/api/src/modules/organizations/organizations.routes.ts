import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import { organizationPatch, organizationReply } from './organizations.schema.ts'
import { getOrganization, updateOrganization } from './organizations.service.ts'

const tags = ['organizations']

export const organizationsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/organization',
    {
      config: { access: rolesWith('organization.read') },
      schema: {
        operationId: 'getOrganization',
        tags,
        summary: 'Read the own organization',
        response: { 200: answer(organizationReply, 'The organization.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => ok({ organization: await getOrganization(context, request.actor) }),
  )

  app.patch(
    '/organization',
    {
      config: { access: rolesWith('organization.change') },
      schema: {
        operationId: 'updateOrganization',
        tags,
        summary: 'Rename the own organization, or require a second factor',
        description:
          'Within a second, members who lack a required factor can do nothing but set it up. `totp` satisfies a required `otp`, but not the reverse.',
        body: organizationPatch,
        response: { 200: answer(organizationReply, 'The changed organization.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => {
      const options = { origin: originOf(request) }
      return ok({ organization: await updateOrganization(context, request.actor, request.body, options) })
    },
  )
}
