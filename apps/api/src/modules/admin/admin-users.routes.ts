import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { etagOf, ifMatch, ifMatchHeaders } from '../../http/etag.ts'
import { answer, errors, messageReplyOf, ok, okMessage } from '../../http/reply.ts'
import {
  adminSessionParams,
  adminUserParams,
  adminUserPatch,
  adminUserReply,
  adminUsersReply,
  endedReply,
  userNote,
  userQuery,
} from './admin-users.schema.ts'
import * as users from './admin-users.service.ts'
import { sendPasswordLink } from './password-link.service.ts'
import { principalOf } from './principal.ts'

const tags = ['administration']

export const adminUsersRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const toRead = { access: rolesWith('user.read'), hasEffects: true } as const
  const toChange = { access: rolesWith('user.change') }

  app.get(
    '/admin/users',
    {
      config: { ...toRead, readsReplica: true },
      schema: {
        operationId: 'listAllUsers',
        tags,
        summary: 'List and search users',
        description: 'The newest first. The audit log records which users were shown.',
        querystring: userQuery,
        response: { 200: answer(adminUsersReply, 'A page of users.') },
      },
    },
    async (request) => {
      const deps = { ...context, reads: context.readsFor(request) }
      const { users: found, pagination } = await users.listUsers(deps, principalOf(request), request.query)
      return { ...ok({ users: found }), pagination }
    },
  )

  app.get(
    '/admin/users/:id',
    {
      config: { ...toRead, target: { type: 'user', param: 'id' } },
      schema: {
        operationId: 'getAnyUser',
        tags,
        summary: 'Read a user',
        description: 'The audit log records that the user was read.',
        params: adminUserParams,
        response: { 200: answer(adminUserReply, 'The user.', 'ETag'), ...errors('NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const { user, version } = await users.readUser(context, principalOf(request), request.params.id)
      reply.header('etag', etagOf(version))
      return ok({ user })
    },
  )

  app.patch(
    '/admin/users/:id',
    {
      config: { ...toChange, target: { type: 'user', param: 'id' } },
      schema: {
        operationId: 'updateAnyUser',
        tags,
        summary: 'Change the role of a user, deactivate or reactivate them',
        description:
          'Allowed for users with a role below the caller’s, never for the own account. The caller must be allowed to invite into the present and the new role. A user who becomes client_admin gets a personal organization, and a user who gets a platform role leaves theirs; their tasks are transferred. A deactivated user is signed out everywhere within a second. `GET /admin/users/{id}/consequences` tells beforehand what a change does. The audit log keeps the `note`.',
        params: adminUserParams,
        headers: ifMatchHeaders,
        body: adminUserPatch,
        response: {
          200: answer(adminUserReply, 'The changed user.', 'ETag'),
          ...errors('ROLE_NOT_ALLOWED', 'NOT_FOUND', 'LAST_ADMIN', 'CONFLICT', 'STALE'),
        },
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const options = { isCurrent: ifMatch(request) }
      const { user, version } = await users.changeUser(context, principalOf(request), params.id, body, options)
      reply.header('etag', etagOf(version))
      return ok({ user })
    },
  )

  app.post(
    '/admin/users/:id/revoke-sessions',
    {
      config: { ...toChange, target: { type: 'user', param: 'id' } },
      schema: {
        operationId: 'revokeUserSessions',
        tags,
        summary: 'End all sessions of a user',
        params: adminUserParams,
        body: userNote,
        response: { 200: answer(endedReply, 'The sessions have ended.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => {
      const ended = await users.revokeSessions(context, principalOf(request), request.params.id, request.body ?? {})
      return ok({ ended }, 'The sessions have ended.')
    },
  )

  app.delete(
    '/admin/users/:id/sessions/:sessionId',
    {
      config: { ...toChange, target: { type: 'user', param: 'id' } },
      schema: {
        operationId: 'endSessionOfUser',
        tags,
        summary: 'End one session of a user',
        description: 'The others stay. That device is signed out within a second. The audit log keeps the `note`.',
        params: adminSessionParams,
        body: userNote,
        response: {
          200: answer(messageReplyOf('The session has ended.'), 'The session has ended.'),
          ...errors('NOT_FOUND'),
        },
      },
    },
    async (request) => {
      const { params, body } = request
      await users.revokeSessions(context, principalOf(request), params.id, { ...body, onlyId: params.sessionId })
      return okMessage('The session has ended.')
    },
  )

  app.post(
    '/admin/users/:id/password-link',
    {
      config: { ...toChange, target: { type: 'user', param: 'id' } },
      schema: {
        operationId: 'sendPasswordLink',
        tags,
        summary: 'Mail a user a link with which they can set a new password',
        description:
          'The mail of `POST /auth/forgot-password`, with the same limits: one a minute and ten a day, those that the user requests included. The link works for an hour, and earlier links no longer work. Password and sessions stay until it is used. 409 for a deactivated account and a suppressed address. The audit log keeps the `note`.',
        params: adminUserParams,
        body: userNote,
        response: {
          202: answer(messageReplyOf('The link is on its way.'), 'The mail is queued.'),
          ...errors('NOT_FOUND', 'CONFLICT', 'COOLDOWN'),
        },
      },
    },
    async (request, reply) => {
      await sendPasswordLink(context, principalOf(request), request.params.id, request.body ?? {})
      return reply.status(202).send(okMessage('The link is on its way.'))
    },
  )

  app.delete(
    '/admin/users/:id/cache',
    {
      config: { ...toChange, target: { type: 'user', param: 'id' } },
      schema: {
        operationId: 'invalidateUserCache',
        tags,
        summary: 'Invalidate the cached profile of a user',
        params: adminUserParams,
        response: {
          200: answer(
            messageReplyOf('The cached profile is removed. The next read comes from the database.'),
            'Removed.',
          ),
          ...errors('NOT_FOUND'),
        },
      },
    },
    async (request) => {
      await users.invalidateProfileOf(context, principalOf(request), request.params.id)
      return okMessage('The cached profile is removed. The next read comes from the database.')
    },
  )
}
