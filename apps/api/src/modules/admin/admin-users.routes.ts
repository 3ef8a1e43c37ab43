import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { errorReply, messageReply, ok, okMessage } from '../../http/reply.ts'
import {
  adminUserParams,
  adminUserPatch,
  adminUserReply,
  adminUsersReply,
  endedReply,
  userQuery,
} from './admin-users.schema.ts'
import * as users from './admin-users.service.ts'
import { doerOf } from './doer.ts'

const tags = ['administration']

export const adminUsersRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const toRead = { access: rolesWith('person.read'), hasEffects: true } as const
  const toChange = { access: rolesWith('person.change') }

  app.get(
    '/admin/users',
    {
      config: toRead,
      schema: {
        tags,
        summary: 'List and search people',
        description: 'The newest first. That the people of the page were shown is written to the audit log.',
        querystring: userQuery,
        response: { 200: adminUsersReply },
      },
    },
    async (request) => {
      const { users: found, pagination } = await users.listUsers(context, doerOf(request), request.query)
      return { ...ok({ users: found }), pagination }
    },
  )

  app.get(
    '/admin/users/:id',
    {
      config: { ...toRead, target: { type: 'user', param: 'id' } },
      schema: {
        tags,
        summary: 'Read a person',
        description: 'That they were read is written to the audit log.',
        params: adminUserParams,
        response: { 200: adminUserReply, 404: errorReply },
      },
    },
    async (request) => ok({ user: await users.readUser(context, doerOf(request), request.params.id) }),
  )

  app.patch(
    '/admin/users/:id',
    {
      config: { ...toChange, target: { type: 'user', param: 'id' } },
      schema: {
        tags,
        summary: 'Change the role of a person, deactivate or reactivate them',
        description:
          'Of people below the caller, and never the own account; a role only from and to roles that the caller may invite. Who becomes a client_admin gets an organization of their own, who joins the platform leaves theirs; their tasks go along. A deactivated person is signed out everywhere within a second.',
        params: adminUserParams,
        body: adminUserPatch,
        response: { 200: adminUserReply, 404: errorReply, 409: errorReply },
      },
    },
    async (request) => ok({ user: await users.changeUser(context, doerOf(request), request.params.id, request.body) }),
  )

  app.post(
    '/admin/users/:id/revoke-sessions',
    {
      config: { ...toChange, target: { type: 'user', param: 'id' } },
      schema: {
        tags,
        summary: 'End all sessions of a person',
        params: adminUserParams,
        response: { 200: endedReply, 404: errorReply },
      },
    },
    async (request) => {
      const ended = await users.revokeSessions(context, doerOf(request), request.params.id)
      return ok({ ended }, 'The sessions have ended.')
    },
  )

  app.delete(
    '/admin/users/:id/cache',
    {
      config: { ...toChange, target: { type: 'user', param: 'id' } },
      schema: {
        tags,
        summary: 'Drop the cached profile of a person',
        params: adminUserParams,
        response: { 200: messageReply, 404: errorReply },
      },
    },
    async (request) => {
      await users.invalidateProfileOf(context, doerOf(request), request.params.id)
      return okMessage('The next reading of the profile asks the database.')
    },
  )
}
