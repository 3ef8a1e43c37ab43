import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import {
  adminOrganizationReply,
  adminOrganizationsReply,
  organizationParams,
  organizationQuery,
} from './admin-organizations.schema.ts'
import * as organizations from './admin-organizations.service.ts'
import { principalOf } from './principal.ts'

const tags = ['administration']

export const adminOrganizationsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const access = rolesWith('organization.list')

  app.get(
    '/admin/organizations',
    {
      config: { access, hasEffects: true, readsReplica: true },
      schema: {
        operationId: 'listOrganizations',
        tags,
        summary: 'List and search organizations',
        description: 'The newest first. The audit log records which ones were shown.',
        querystring: organizationQuery,
        response: { 200: answer(adminOrganizationsReply, 'A page of organizations.') },
      },
    },
    async (request) => {
      const deps = { ...context, reads: context.readsFor(request) }
      const { organizations: found, pagination } = await organizations.listOrganizations(
        deps,
        principalOf(request),
        request.query,
      )
      return { ...ok({ organizations: found }), pagination }
    },
  )

  app.get(
    '/admin/organizations/:id',
    {
      config: { access, hasEffects: true },
      schema: {
        operationId: 'getAnyOrganization',
        tags,
        summary: 'Read an organization',
        description:
          'With its client_admins; `GET /admin/users?organizationId=` lists all members. The audit log records that it was read.',
        params: organizationParams,
        response: { 200: answer(adminOrganizationReply, 'The organization.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) =>
      ok({ organization: await organizations.readOrganization(context, principalOf(request), request.params.id) }),
  )
}
