import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { etagOf, ifMatch, ifMatchHeaders, ifNoneMatchHeaders, isNotModified } from '../../http/etag.ts'
import { answer, errors, notModified, ok } from '../../http/reply.ts'
import {
  publicUserReply,
  publicUsersReply,
  userParams,
  userPatch,
  userReply,
  userSearchQuery,
} from './accounts.schema.ts'
import { getProfile, updateProfile } from './own-profile.service.ts'
import { findUsers, getPublicUser } from './public-users.service.ts'

export const accountsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/users/me',
    {
      config: { access: 'signed-in', isOpenWithoutFactor: true },
      schema: {
        operationId: 'getOwnProfile',
        tags: ['users'],
        summary: 'Read the own profile',
        headers: ifNoneMatchHeaders,
        response: { 200: answer(userReply, 'The own profile.', 'ETag'), 304: notModified },
      },
    },
    async (request, reply) => {
      const { user, version } = await getProfile(context, request.actor.userId)
      const etag = etagOf(version)
      reply.header('etag', etag)
      if (isNotModified(request, etag)) return reply.status(304).send(null)
      return ok({ user })
    },
  )

  app.patch(
    '/users/me',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'updateOwnProfile',
        tags: ['users'],
        summary: 'Change the own profile',
        description: 'A field that is left out stays as it is.',
        headers: ifMatchHeaders,
        body: userPatch,
        response: { 200: answer(userReply, 'The changed profile.', 'ETag'), ...errors('USERNAME_TAKEN', 'STALE') },
      },
    },
    async (request, reply) => {
      const options = { isCurrent: ifMatch(request), origin: originOf(request) }
      const { user, version } = await updateProfile(context, request.actor, request.body, options)
      reply.header('etag', etagOf(version))
      return ok({ user })
    },
  )

  app.get(
    '/users',
    {
      config: { access: 'signed-in', readsReplica: true },
      schema: {
        operationId: 'searchUsers',
        tags: ['users'],
        summary: 'Search users, or read some by their ids',
        description:
          'With `q`: members of the own organization and friends whose name or username contains it, and the user with exactly this username. With `ids`: those of these users whom `GET /users/{id}` would show. Only members and friends are shown with their presence.',
        querystring: userSearchQuery,
        response: { 200: answer(publicUsersReply, 'The users that were found.') },
      },
    },
    async (request) => {
      const deps = { ...context, reads: context.readsFor(request) }
      return ok({ users: await findUsers(deps, request.actor, request.query) })
    },
  )

  app.get(
    '/users/:id',
    {
      config: { access: 'signed-in', target: { type: 'user', param: 'id' } },
      schema: {
        operationId: 'getUser',
        tags: ['users'],
        summary: 'Read the profile of another user',
        description:
          'Allowed for members of the own organization, friends, and users on the other side of an open friend request.',
        params: userParams,
        headers: ifNoneMatchHeaders,
        response: { 200: answer(publicUserReply, 'The user.', 'ETag'), 304: notModified, ...errors('NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const { user, etag } = await getPublicUser(context, request.actor, request.params.id)
      reply.header('etag', etag)
      if (isNotModified(request, etag)) return reply.status(304).send(null)
      return ok({ user })
    },
  )
}
