import { z } from 'zod'
import { id, queryInteger } from '../../http/fields.ts'
import { instant, pageReplyOf, replyOf } from '../../http/reply.ts'
import { publicUser } from '../accounts/accounts.schema.ts'

/** A friend request, as one of the two users sees it. */
export const friendRequest = z
  .object({
    id: z.uuid(),
    direction: z.enum(['incoming', 'outgoing']),
    /** `accepted` when the other user had sent a request before. */
    status: z.enum(['pending', 'accepted']),
    /** The other user, with presence once the request is accepted. */
    user: publicUser,
    createdAt: instant,
  })
  .meta({ id: 'FriendRequest' })
export type FriendRequest = z.infer<typeof friendRequest>

export const newFriendRequest = z.strictObject({ userId: id })
export const requestParams = z.strictObject({ id })
export const otherUserParams = z.strictObject({ userId: id })
/** No body, or an empty one. */
export const noBody = z.strictObject({}).nullish()

export const pageQuery = z.strictObject({
  page: queryInteger({ min: 1, max: 1_000 }).default(1),
  limit: queryInteger({ min: 1, max: 100 }).default(20),
})
export type PageQuery = z.output<typeof pageQuery>

export const requestReply = replyOf(z.object({ request: friendRequest }))
export const requestsReply = replyOf(z.object({ incoming: z.array(friendRequest), outgoing: z.array(friendRequest) }))
export const friendReply = replyOf(z.object({ friend: publicUser }))
export const friendsReply = pageReplyOf(z.object({ friends: z.array(publicUser) }))
export const blockedReply = pageReplyOf(z.object({ users: z.array(publicUser) }))
