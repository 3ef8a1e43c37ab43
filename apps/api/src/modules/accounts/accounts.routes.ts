import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { clearSiteData } from '../../http/clear-site-data.ts'
import { etagOf, ifMatch, ifMatchHeaders, ifNoneMatchHeaders, isNotModified } from '../../http/etag.ts'
import { errorReply, messageReply, ok, said } from '../../http/reply.ts'
import { requestDeletion } from '../data-rights/deletion.service.ts'
import { confirmationBody } from '../reauthentication/reauthentication.schema.ts'
import { peopleQuery, publicUserReply, publicUsersReply, userParams, userPatch, userReply } from './accounts.schema.ts'
import { getProfile, updateProfile } from './own-profile.service.ts'
import * as people from './people.service.ts'

export const usersRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/users/me',
    {
      config: { access: 'signed-in', isOpenWithoutFactor: true },
      schema: {
        tags: ['users'],
        summary: 'Read the own profile',
        headers: ifNoneMatchHeaders,
        response: { 200: userReply, 304: z.null() },
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
        tags: ['users'],
        summary: 'Change the own profile',
        headers: ifMatchHeaders,
        body: userPatch,
        response: { 200: userReply, 409: errorReply, 412: errorReply },
      },
    },
    async (request, reply) => {
      const options = { isCurrent: ifMatch(request), origin: originOf(request) }
      const { user, version } = await updateProfile(context, request.actor, request.body, options)
      reply.header('etag', etagOf(version))
      return ok({ user })
    },
  )

  app.delete(
    '/users/me',
    {
      config: { access: 'signed-in' },
      schema: {
        tags: ['users'],
        summary: 'Delete the own account',
        description:
          'Confirmed by the password, or by the code of `/auth/confirmation-code` where there is none. All sessions end; after 30 days the account is made anonymous, unless its person signs in before.',
        body: confirmationBody,
        response: { 200: messageReply, 409: errorReply },
      },
    },
    async (request, reply) => {
      const until = await requestDeletion(context, request.actor, request.body, originOf(request))
      context.cookies.clear(reply)
      clearSiteData(reply)
      return said(`Your account will be deleted on ${until.toISOString().slice(0, 10)}. To keep it, sign in before.`)
    },
  )

  app.get(
    '/users',
    {
      config: { access: 'signed-in' },
      schema: {
        tags: ['users'],
        summary: 'Find people',
        description:
          'At most 20: people of the own organization and friends whose name or username contains `q`, and whoever has exactly this username. The presence of others than those is not shown.',
        querystring: peopleQuery,
        response: { 200: publicUsersReply },
      },
    },
    async (request) => ok({ users: await people.searchPeople(context, request.actor, request.query.q) }),
  )

  app.get(
    '/users/:id',
    {
      config: { access: 'signed-in', target: { type: 'user', param: 'id' } },
      schema: {
        tags: ['users'],
        summary: 'Read the profile of somebody',
        description: 'Of the own organization, a friend, or somebody with whom a friend request is open.',
        params: userParams,
        headers: ifNoneMatchHeaders,
        response: { 200: publicUserReply, 304: z.null(), 404: errorReply },
      },
    },
    async (request, reply) => {
      const { user, etag } = await people.getPerson(context, request.actor, request.params.id)
      reply.header('etag', etag)
      if (isNotModified(request, etag)) return reply.status(304).send(null)
      return ok({ user })
    },
  )
}
