import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { errorReply, messageReply, ok, okMessage } from '../../http/reply.ts'
import { listBlocked, listFriends, listRequests } from './friend-lists.service.ts'
import * as schema from './friends.schema.ts'
import * as friends from './friends.service.ts'

const signedIn = { access: 'signed-in' } as const
const tags = ['friends']
const notFound = { 404: errorReply }

export const friendsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/friends/requests',
    {
      config: { ...signedIn, target: { type: 'user', field: 'userId' } },
      schema: {
        tags,
        summary: 'Send a friend request',
        description:
          'Accepts the request of the other user if they sent one before. At most 1,000 friends and 100 open requests sent.',
        body: schema.newFriendRequest,
        response: { 201: schema.requestReply, ...notFound, 409: errorReply },
      },
    },
    async (request, reply) => {
      const options = { origin: originOf(request) }
      const made = await friends.requestFriend(context, request.actor, request.body.userId, options)
      reply.status(201)
      return ok({ request: made })
    },
  )

  app.get(
    '/friends/requests',
    {
      config: signedIn,
      schema: {
        tags,
        summary: 'List the open requests in both directions',
        description: 'The newest 100 of each.',
        response: { 200: schema.requestsReply },
      },
    },
    async (request) => ok(await listRequests(context, request.actor)),
  )

  app.post(
    '/friends/requests/:id/accept',
    {
      config: { ...signedIn, target: { type: 'friend-request', param: 'id' } },
      schema: {
        tags,
        summary: 'Accept a request',
        params: schema.requestParams,
        body: schema.noBody,
        response: { 200: schema.friendReply, ...notFound, 409: errorReply },
      },
    },
    async (request) => {
      const options = { origin: originOf(request) }
      return ok({ friend: await friends.acceptRequest(context, request.actor, request.params.id, options) })
    },
  )

  app.post(
    '/friends/requests/:id/decline',
    {
      config: { ...signedIn, target: { type: 'friend-request', param: 'id' } },
      schema: {
        tags,
        summary: 'Decline a request',
        params: schema.requestParams,
        body: schema.noBody,
        response: { 200: messageReply, ...notFound },
      },
    },
    async (request) => {
      await friends.declineRequest(context, request.actor, request.params.id, { origin: originOf(request) })
      return okMessage('The request is declined.')
    },
  )

  app.get(
    '/friends',
    {
      config: signedIn,
      schema: {
        tags,
        summary: 'List the own friends, by name',
        querystring: schema.pageQuery,
        response: { 200: schema.friendsReply },
      },
    },
    async (request) => {
      const { users, pagination } = await listFriends(context, request.actor, request.query)
      return { success: true as const, data: { friends: users }, pagination }
    },
  )

  app.get(
    '/friends/blocked',
    {
      config: signedIn,
      schema: {
        tags,
        summary: 'List the users whom one has blocked, by name',
        querystring: schema.pageQuery,
        response: { 200: schema.blockedReply },
      },
    },
    async (request) => {
      const { users, pagination } = await listBlocked(context, request.actor, request.query)
      return { success: true as const, data: { users }, pagination }
    },
  )

  app.delete(
    '/friends/:userId',
    {
      config: signedIn,
      schema: {
        tags,
        summary: 'End a friendship, or withdraw a request',
        params: schema.otherUserParams,
        response: { 200: messageReply, ...notFound },
      },
    },
    async (request) => {
      await friends.removeFriend(context, request.actor, request.params.userId, { origin: originOf(request) })
      return okMessage('You are no longer friends.')
    },
  )

  app.post(
    '/friends/:userId/block',
    {
      config: signedIn,
      schema: {
        tags,
        summary: 'Block a user',
        description: 'Neither finds the other any more; a friendship or request between them ends.',
        params: schema.otherUserParams,
        body: schema.noBody,
        response: { 200: messageReply, ...notFound, 409: errorReply },
      },
    },
    async (request) => {
      await friends.blockUser(context, request.actor, request.params.userId, { origin: originOf(request) })
      return okMessage('This user is blocked.')
    },
  )

  app.delete(
    '/friends/:userId/block',
    {
      config: signedIn,
      schema: {
        tags,
        summary: 'Unblock a user',
        params: schema.otherUserParams,
        response: { 200: messageReply, ...notFound },
      },
    },
    async (request) => {
      await friends.unblockUser(context, request.actor, request.params.userId, { origin: originOf(request) })
      return okMessage('This user is no longer blocked.')
    },
  )
}
