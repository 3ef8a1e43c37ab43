import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { noBody } from '../../http/fields.ts'
import { answer, errors, messageReplyOf, ok, okMessage } from '../../http/reply.ts'
import { listBlocked, listFriends, listRequests } from './friend-lists.service.ts'
import * as schema from './friends.schema.ts'
import * as friends from './friends.service.ts'

const signedIn = { access: 'signed-in' } as const
const tags = ['friends']

export const friendsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/friends/requests',
    {
      config: { ...signedIn, target: { type: 'user', field: 'userId' } },
      schema: {
        operationId: 'sendFriendRequest',
        tags,
        summary: 'Send a friend request',
        description:
          'Accepts the request of the other user if they sent one before. At most 1,000 friends and 100 open requests sent.',
        body: schema.newFriendRequest,
        response: {
          201: answer(schema.requestReply, 'The request, or the accepted one of the other user.'),
          ...errors('NOT_FOUND', 'ALREADY_EXISTS', 'CONFLICT'),
        },
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
        operationId: 'listFriendRequests',
        tags,
        summary: 'List the open requests in both directions',
        description: 'The newest 100 of each.',
        response: { 200: answer(schema.requestsReply, 'The open requests.') },
      },
    },
    async (request) => ok(await listRequests(context, request.actor)),
  )

  app.post(
    '/friends/requests/:id/accept',
    {
      config: { ...signedIn, target: { type: 'friend-request', param: 'id' } },
      schema: {
        operationId: 'acceptFriendRequest',
        tags,
        summary: 'Accept a request',
        params: schema.requestParams,
        body: noBody,
        response: { 200: answer(schema.friendReply, 'The new friend.'), ...errors('NOT_FOUND', 'CONFLICT') },
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
        operationId: 'declineFriendRequest',
        tags,
        summary: 'Decline a request',
        params: schema.requestParams,
        body: noBody,
        response: { 200: answer(messageReplyOf('The request is declined.'), 'Done.'), ...errors('NOT_FOUND') },
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
      config: { ...signedIn, readsReplica: true },
      schema: {
        operationId: 'listFriends',
        tags,
        summary: 'List the own friends, by name',
        querystring: schema.pageQuery,
        response: { 200: answer(schema.friendsReply, 'A page of friends.') },
      },
    },
    async (request) => {
      const { users, pagination } = await listFriends(
        { ...context, reads: context.readsFor(request) },
        request.actor,
        request.query,
      )
      return { success: true as const, data: { friends: users }, pagination }
    },
  )

  app.get(
    '/friends/blocked',
    {
      config: { ...signedIn, readsReplica: true },
      schema: {
        operationId: 'listBlockedUsers',
        tags,
        summary: 'List the users whom one has blocked, by name',
        querystring: schema.pageQuery,
        response: { 200: answer(schema.blockedReply, 'A page of blocked users.') },
      },
    },
    async (request) => {
      const { users, pagination } = await listBlocked(
        { ...context, reads: context.readsFor(request) },
        request.actor,
        request.query,
      )
      return { success: true as const, data: { users }, pagination }
    },
  )

  app.delete(
    '/friends/:userId',
    {
      config: signedIn,
      schema: {
        operationId: 'removeFriend',
        tags,
        summary: 'End a friendship, or withdraw a request',
        params: schema.otherUserParams,
        response: { 200: answer(messageReplyOf('You are no longer friends.'), 'Done.'), ...errors('NOT_FOUND') },
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
        operationId: 'blockUser',
        tags,
        summary: 'Block a user',
        description: 'Neither finds the other any more; a friendship or request between them ends.',
        params: schema.otherUserParams,
        body: noBody,
        response: {
          200: answer(messageReplyOf('This user is blocked.'), 'Blocked.'),
          ...errors('NOT_FOUND', 'CONFLICT'),
        },
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
        operationId: 'unblockUser',
        tags,
        summary: 'Unblock a user',
        params: schema.otherUserParams,
        response: { 200: answer(messageReplyOf('This user is no longer blocked.'), 'Done.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => {
      await friends.unblockUser(context, request.actor, request.params.userId, { origin: originOf(request) })
      return okMessage('This user is no longer blocked.')
    },
  )
}
