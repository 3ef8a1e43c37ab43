import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { id } from '../../http/fields.ts'
import { pageNumber, pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'
import { publicUser } from '../accounts/accounts.schema.ts'

/** A friend request, as one of the two users sees it. */
export const friendRequest = z
  .object({
    id: z.uuid().describe('The id of the request.'),
    direction: z.enum(['incoming', 'outgoing']).describe('Whether it is to the caller, or of the caller.'),
    status: z.enum(['pending', 'accepted']).describe('`accepted` when the other user had sent a request before.'),
    user: publicUser.describe('The other user, with presence once the request is accepted.'),
    createdAt: instant.describe('When it was sent.'),
  })
  .meta({ id: 'FriendRequest', description: 'A friend request, as one of the two users sees it.' })
export type FriendRequest = z.infer<typeof friendRequest>

export const newFriendRequest = z
  .strictObject({ userId: id.describe('The user to ask.') })
  .meta({ id: 'NewFriendRequest', description: 'A friend request to send.' })
export const requestParams = z.strictObject({ id: id.describe('The id of the request.') })
export const otherUserParams = z.strictObject({ userId: id.describe('The id of the other user.') })
export const pageQuery = z.strictObject({
  page: pageNumber(1_000).default(1),
  limit: pageSize(20),
})
export type PageQuery = z.output<typeof pageQuery>

export const requestReply = replyOf(z.object({ request: friendRequest }))
export const requestsReply = replyOf(
  z
    .object({
      incoming: z.array(friendRequest).describe('The requests to the caller.'),
      outgoing: z.array(friendRequest).describe('The requests of the caller.'),
    })
    .meta({ id: 'FriendRequestList', description: 'Items of the list.' }),
)
export const friendReply = replyOf(z.object({ friend: publicUser }))
export const friendsReply = pageReplyOf(
  z
    .object({ friends: z.array(publicUser).describe('The friends, by name.') })
    .meta({ id: 'FriendList', description: 'Items of the list.' }),
)
export const blockedReply = pageReplyOf(
  z
    .object({ users: z.array(publicUser).describe('The blocked users, by name.') })
    .meta({ id: 'BlockedUserList', description: 'Items of the list.' }),
)
