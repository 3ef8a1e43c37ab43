import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { errorReply, ok } from '../../http/reply.ts'
import { organizationPatch, organizationReply } from './organizations.schema.ts'
import { getOrganization, updateOrganization } from './organizations.service.ts'

const tags = ['organizations']

export const organizationsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/organization',
    {
      config: { access: rolesWith('organization.read') },
      schema: { tags, summary: 'Read the own organization', response: { 200: organizationReply, 404: errorReply } },
    },
    async (request) => ok({ organization: await getOrganization(context, request.actor) }),
  )

  app.patch(
    '/organization',
    {
      config: { access: rolesWith('organization.change') },
      schema: {
        tags,
        summary: 'Rename the own organization, or require a second factor',
        description:
          'Within a second, members who lack a required factor can do nothing but set it up. `totp` satisfies a required `otp`, but not the reverse.',
        body: organizationPatch,
        response: { 200: organizationReply, 404: errorReply },
      },
    },
    async (request) => {
      const options = { origin: originOf(request) }
      return ok({ organization: await updateOrganization(context, request.actor, request.body, options) })
    },
  )
}
