import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import { adminUserParams } from './admin-users.schema.ts'
import { principalOf } from './principal.ts'
import { consequencesQuery, consequencesReply, userFactorsReply, userSessionsReply } from './user-details.schema.ts'
import * as details from './user-details.service.ts'

const tags = ['administration']

/** Sessions, factors and the like of one user, for operators. */
export const userDetailsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const config = { access: rolesWith('user.read'), hasEffects: true, target: { type: 'user', param: 'id' } } as const

  app.get(
    '/admin/users/:id/sessions',
    {
      config,
      schema: {
        operationId: 'listSessionsOfUser',
        tags,
        summary: 'Read the sessions of a user',
        description: 'The open ones, and those that ended lately with the reason. The audit log records it.',
        params: adminUserParams,
        response: { 200: answer(userSessionsReply, 'The sessions.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => ok({ sessions: await details.readSessions(context, principalOf(request), request.params.id) }),
  )

  app.get(
    '/admin/users/:id/factors',
    {
      config,
      schema: {
        operationId: 'getFactorsOfUser',
        tags,
        summary: 'Read the second factor of a user, and whether failed attempts lock the account',
        description: 'Without any secret. The audit log records it.',
        params: adminUserParams,
        response: { 200: answer(userFactorsReply, 'The second factor.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => ok({ factors: await details.readFactors(context, principalOf(request), request.params.id) }),
  )

  app.get(
    '/admin/users/:id/consequences',
    {
      config,
      schema: {
        operationId: 'getUserConsequences',
        tags,
        summary: 'Count what an action would do to a user',
        description:
          'Changes nothing. `refusal` tells whether the caller may do it. The audit log records that the user was read.',
        params: adminUserParams,
        querystring: consequencesQuery,
        response: { 200: answer(consequencesReply, 'What would happen.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => {
      const { params, query } = request
      return ok({ consequences: await details.readConsequences(context, principalOf(request), params.id, query) })
    },
  )
}
