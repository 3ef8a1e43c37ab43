import type { Trx } from '@muster/db'
import { DomainError, detailOf, invalid } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { notify } from '@muster/notifications'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { eventOn } from '../../http/event-on.ts'
import type { PublicUser } from '../accounts/accounts.schema.ts'
import { announcePresence } from '../accounts/announce-presence.ts'
import { toPublicUsers } from '../accounts/public-users.service.ts'
import type { ChatSteps } from './chat-steps.ts'
import * as queries from './friends.queries.ts'
import type { FriendRequest } from './friends.schema.ts'

type FriendsDeps = Pick<Deps, 'transact' | 'presence' | 'clock'>
type EndDeps = Pick<Deps, 'transact'> & { chatSteps: ChatSteps }
type Options = { origin: Origin }

/** Upper bounds per user. Without them one account could fill the tables and the notifications of others. */
export const friendLimits = { friends: 1_000, outgoingRequests: 100, blocked: 1_000 }

/**
 * Sends a friend request to a user, or accepts theirs if they sent one before.
 * @throws DomainError NOT_FOUND, also for a user who is blocked or has blocked the actor; ALREADY_EXISTS; CONFLICT when one of
 *   the two has too many friends or the actor too many open requests
 */
export async function requestFriend(
  deps: FriendsDeps,
  actor: Actor,
  otherId: string,
  { origin }: Options,
): Promise<FriendRequest> {
  assertNotSelf(actor, otherId, 'body.userId')
  const now = deps.clock.now()
  const { row, other } = await deps.transact(async (tx) => {
    const { trx, audit } = tx
    const other = await lockReachable(trx, actor, otherId)
    const row = await queries.requestOrAccept(trx, { requesterId: actor.userId, addresseeId: otherId, now })
    if (!row)
      throw new DomainError('ALREADY_EXISTS', {
        message: 'You have already sent a request to this user, or you are friends.',
        details: [detailOf('body.userId', 'ALREADY_EXISTS')],
      })
    await assertWithinLimits(trx, actor, otherId)
    if (row.accepted_at) announcePresence(tx, actor.userId)
    await (row.accepted_at ? notifyAccepted : notifyRequested)(tx, other, { actor, requestId: row.id, now })
    audit({
      ...eventOn('user', otherId, actor.userId, origin),
      action: row.accepted_at ? 'friend.accepted' : 'friend.requested',
      after: { requestId: row.id },
    })
    return { row, other }
  })
  const shown = row.accepted_at ? other : { ...other, visibility: 'profile' as const }
  const [user] = (await toPublicUsers(deps, [shown])) as [PublicUser]
  return {
    id: row.id,
    direction: row.requester_id === actor.userId ? 'outgoing' : 'incoming',
    status: row.accepted_at ? 'accepted' : 'pending',
    user,
    createdAt: row.created_at.toISOString(),
  }
}

/**
 * Accepts a friend request. Repeated calls return the same.
 * @returns the new friend
 * @throws DomainError NOT_FOUND, and CONFLICT when one of the two has too many friends
 */
export async function acceptRequest(
  deps: FriendsDeps,
  actor: Actor,
  requestId: string,
  { origin }: Options,
): Promise<PublicUser> {
  const now = deps.clock.now()
  const other = await deps.transact(async (tx) => {
    const { trx, audit } = tx
    const found = await queries.findRequestTo(trx, requestId, actor.userId)
    if (!found) throw new DomainError('NOT_FOUND')
    const other = await lockReachable(trx, actor, found.requester_id)
    if (!(await queries.accept(trx, requestId, now))) {
      // Accepted by an earlier call, or withdrawn while this one waited.
      if (!(await queries.findRequestTo(trx, requestId, actor.userId))) throw new DomainError('NOT_FOUND')
      return other
    }
    await assertWithinLimits(trx, actor, other.id)
    announcePresence(tx, actor.userId)
    await notifyAccepted(tx, other, { actor, requestId, now })
    audit({ ...eventOn('user', other.id, actor.userId, origin), action: 'friend.accepted', after: { requestId } })
    return other
  })
  const [friend] = (await toPublicUsers(deps, [other])) as [PublicUser]
  return friend
}

/** Declines a friend request, without a notification to its sender. @throws DomainError NOT_FOUND */
export function declineRequest(
  { transact }: Pick<Deps, 'transact'>,
  actor: Actor,
  requestId: string,
  { origin }: Options,
): Promise<void> {
  return transact(async ({ trx, audit }) => {
    const row = await queries.decline(trx, requestId, actor.userId)
    if (!row) throw new DomainError('NOT_FOUND')
    audit({
      ...eventOn('user', row.requester_id, actor.userId, origin),
      action: 'friend.declined',
      before: { requestId },
    })
  })
}

/**
 * Ends a friendship, or withdraws the actor's friend request. Unless the two share an organization, no message of theirs is sent
 * after it in their direct chat.
 * @throws DomainError NOT_FOUND
 */
export function removeFriend(
  { transact, chatSteps }: EndDeps,
  actor: Actor,
  otherId: string,
  { origin }: Options,
): Promise<void> {
  return transact(async ({ trx, audit, signal }) => {
    await queries.lockPair(trx, actor.userId, otherId)
    await chatSteps.lockDirectChat(trx, actor.userId, otherId)
    const row = await queries.removeBond(trx, actor.userId, otherId)
    const isWithdrawn = row?.accepted_at === null
    // A request of the other user must be declined instead.
    if (!row || (isWithdrawn && row.requester_id !== actor.userId)) throw new DomainError('NOT_FOUND')
    announcePresence({ signal }, actor.userId)
    const action = isWithdrawn ? 'friend.request_withdrawn' : 'friend.removed'
    audit({ ...eventOn('user', otherId, actor.userId, origin), action, before: { requestId: row.id } })
  })
}

/**
 * Blocks a user: neither can find the other, a friendship or request between them ends, and nobody can write in their direct chat:
 * no message is sent after it. Repeated calls change nothing.
 * @throws DomainError NOT_FOUND, CONFLICT above the limit
 */
export function blockUser(
  { transact, clock, chatSteps }: EndDeps & Pick<Deps, 'clock'>,
  actor: Actor,
  otherId: string,
  { origin }: Options,
): Promise<void> {
  assertNotSelf(actor, otherId, 'params.userId')
  return transact(async ({ trx, audit, signal }) => {
    const other = await queries.lockPair(trx, actor.userId, otherId)
    if (!other || other.is_anonymised) throw new DomainError('NOT_FOUND')
    await chatSteps.lockDirectChat(trx, actor.userId, otherId)
    const { isNew, count } = await queries.block(trx, actor.userId, otherId, clock.now())
    if (count > friendLimits.blocked) throw tooMany(`You can block at most ${friendLimits.blocked} users.`)
    if (!isNew) return
    const ended = await queries.removeBond(trx, actor.userId, otherId)
    announcePresence({ signal }, actor.userId)
    audit({
      ...eventOn('user', otherId, actor.userId, origin),
      action: 'friend.blocked',
      ...(ended && { before: { requestId: ended.id } }),
    })
  })
}

/** Unblocks a user. @throws DomainError NOT_FOUND when they were not blocked */
export function unblockUser(
  { transact }: Pick<Deps, 'transact'>,
  actor: Actor,
  otherId: string,
  { origin }: Options,
): Promise<void> {
  return transact(async ({ trx, audit, signal }) => {
    if (!(await queries.unblock(trx, actor.userId, otherId))) throw new DomainError('NOT_FOUND')
    announcePresence({ signal }, actor.userId)
    audit({ ...eventOn('user', otherId, actor.userId, origin), action: 'friend.unblocked' })
  })
}

/** Locks the pair. @throws DomainError NOT_FOUND when the other user is not active, or one has blocked the other */
async function lockReachable(trx: Trx, actor: Actor, otherId: string): Promise<queries.OtherUserRow> {
  const other = await queries.lockPair(trx, actor.userId, otherId)
  if (!other?.is_active_user || !other.is_unblocked) throw new DomainError('NOT_FOUND')
  return other
}

/** Checks the limits after the write, which a refusal rolls back. The pair is locked. @throws DomainError CONFLICT */
async function assertWithinLimits(trx: Trx, actor: Actor, otherId: string): Promise<void> {
  const { own, others, outgoing } = await queries.countBonds(trx, actor.userId, otherId)
  const { friends, outgoingRequests } = friendLimits
  if (own > friends) throw tooMany(`You can have at most ${friends} friends.`)
  if (others > friends) throw tooMany('This user can have no more friends.')
  if (outgoing > outgoingRequests) {
    throw tooMany(`You can have at most ${outgoingRequests} open requests; withdraw one first.`)
  }
}

const tooMany = (message: string) => new DomainError('CONFLICT', { message })

function assertNotSelf(actor: Actor, otherId: string, path: string): void {
  if (otherId !== actor.userId) return
  throw invalid(path, 'YOURSELF')
}

type Tx = Pick<TransactContext, 'trx' | 'signal'>
type Event = { actor: Actor; requestId: string; now: Date }

const notifyRequested = (tx: Tx, other: queries.OtherUserRow, event: Event) =>
  notifyOther(tx, other, event, {
    event: 'friendRequested',
    title: 'Friend request',
    message: `${other.own_name} would like to be your friend.`,
  })

const notifyAccepted = (tx: Tx, other: queries.OtherUserRow, event: Event) =>
  notifyOther(tx, other, event, {
    event: 'friendAccepted',
    title: 'Friend request accepted',
    message: `${other.own_name} is your friend now.`,
  })

async function notifyOther(
  tx: Tx,
  other: queries.OtherUserRow,
  { actor, requestId, now }: Event,
  { event, ...text }: Text,
): Promise<void> {
  const data = { event, requestId, userId: actor.userId }
  await notify(tx, { userId: other.id, type: 'general', ...text, data, now })
}

type Text = { event: 'friendRequested' | 'friendAccepted'; title: string; message: string }
