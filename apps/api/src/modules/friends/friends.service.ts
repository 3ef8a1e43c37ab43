import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import { notify } from '@muster/notifications'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { eventOn } from '../../http/event-on.ts'
import type { PublicUser } from '../accounts/accounts.schema.ts'
import { toPublicUsers } from '../accounts/public-users.service.ts'
import * as queries from './friends.queries.ts'
import type { FriendRequest } from './friends.schema.ts'

type FriendsDeps = Pick<Deps, 'transact' | 'presence' | 'clock'>
type Options = { origin: Origin }

/** Enough for anybody; without them one account could fill the tables, or everybody's notifications. */
export const friendLimits = { friends: 1_000, outgoingRequests: 100, blocked: 1_000 }

/**
 * Asks somebody to be friends; if they had asked before, that accepts.
 * @throws DomainError NOT_FOUND also for somebody who is blocked or has blocked the actor, ALREADY_EXISTS, CONFLICT when
 *   one of the two has too many friends or the actor too many open requests
 */
export async function requestFriend(
  deps: FriendsDeps,
  actor: Actor,
  otherId: string,
  { origin }: Options,
): Promise<FriendRequest> {
  refuseOneself(actor, otherId, 'body.userId')
  const now = deps.clock.now()
  const { row, other } = await deps.transact(async ({ trx, audit }) => {
    const other = await lockReachable(trx, actor, otherId)
    const row = await queries.ask(trx, { requesterId: actor.userId, addresseeId: otherId, now })
    if (!row) throw new DomainError('ALREADY_EXISTS', { message: 'You have asked this person before, or are friends.' })
    await refuseTooMany(trx, actor, otherId)
    await (row.accepted_at ? tellAccepted : tellRequested)(trx, other, { actor, requestId: row.id, now })
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
 * Accepts a request; the same again gives the same.
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
  const other = await deps.transact(async ({ trx, audit }) => {
    const found = await queries.findRequestTo(trx, requestId, actor.userId)
    if (!found) throw new DomainError('NOT_FOUND')
    const other = await lockReachable(trx, actor, found.requester_id)
    if (!(await queries.accept(trx, requestId, now))) {
      // Accepted by an earlier call, or withdrawn while this one waited.
      if (!(await queries.findRequestTo(trx, requestId, actor.userId))) throw new DomainError('NOT_FOUND')
      return other
    }
    await refuseTooMany(trx, actor, other.id)
    await tellAccepted(trx, other, { actor, requestId, now })
    audit({ ...eventOn('user', other.id, actor.userId, origin), action: 'friend.accepted', after: { requestId } })
    return other
  })
  const [friend] = (await toPublicUsers(deps, [other])) as [PublicUser]
  return friend
}

/** Declines a request; who asked is not told. @throws DomainError NOT_FOUND */
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

/** Ends a friendship, or withdraws the request to somebody. @throws DomainError NOT_FOUND */
export function removeFriend(
  { transact }: Pick<Deps, 'transact'>,
  actor: Actor,
  otherId: string,
  { origin }: Options,
): Promise<void> {
  return transact(async ({ trx, audit }) => {
    await queries.lockPair(trx, actor.userId, otherId)
    const row = await queries.removeBond(trx, actor.userId, otherId)
    const isWithdrawn = row?.accepted_at === null
    // A request of the other one is declined, not removed.
    if (!row || (isWithdrawn && row.requester_id !== actor.userId)) throw new DomainError('NOT_FOUND')
    const action = isWithdrawn ? 'friend.request_withdrawn' : 'friend.removed'
    audit({ ...eventOn('user', otherId, actor.userId, origin), action, before: { requestId: row.id } })
  })
}

/**
 * Blocks somebody: from then on neither finds the other, and what was between them ends. Again changes nothing.
 * @throws DomainError NOT_FOUND, CONFLICT beyond a thousand
 */
export function blockPerson(
  { transact, clock }: Pick<Deps, 'transact' | 'clock'>,
  actor: Actor,
  otherId: string,
  { origin }: Options,
): Promise<void> {
  refuseOneself(actor, otherId, 'params.userId')
  return transact(async ({ trx, audit }) => {
    const other = await queries.lockPair(trx, actor.userId, otherId)
    if (!other || other.is_anonymous) throw new DomainError('NOT_FOUND')
    const { isNew, count } = await queries.block(trx, actor.userId, otherId, clock.now())
    if (count > friendLimits.blocked) throw tooMany(`You can block at most ${friendLimits.blocked} people.`)
    if (!isNew) return
    const ended = await queries.removeBond(trx, actor.userId, otherId)
    audit({
      ...eventOn('user', otherId, actor.userId, origin),
      action: 'friend.blocked',
      ...(ended && { before: { requestId: ended.id } }),
    })
  })
}

/** @throws DomainError NOT_FOUND when the person was not blocked */
export function unblockPerson(
  { transact }: Pick<Deps, 'transact'>,
  actor: Actor,
  otherId: string,
  { origin }: Options,
): Promise<void> {
  return transact(async ({ trx, audit }) => {
    if (!(await queries.unblock(trx, actor.userId, otherId))) throw new DomainError('NOT_FOUND')
    audit({ ...eventOn('user', otherId, actor.userId, origin), action: 'friend.unblocked' })
  })
}

/** Locks the pair. @throws DomainError NOT_FOUND when the other one is not there for the actor */
async function lockReachable(trx: Trx, actor: Actor, otherId: string): Promise<queries.OtherRow> {
  const other = await queries.lockPair(trx, actor.userId, otherId)
  if (!other?.is_around || !other.is_unblocked) throw new DomainError('NOT_FOUND')
  return other
}

/** After the writing, which a refusal undoes; the pair is locked, so nobody writes in between. */
async function refuseTooMany(trx: Trx, actor: Actor, otherId: string): Promise<void> {
  const { own, others, outgoing } = await queries.countBonds(trx, actor.userId, otherId)
  const { friends, outgoingRequests } = friendLimits
  if (own > friends) throw tooMany(`You can have at most ${friends} friends.`)
  if (others > friends) throw tooMany('This person can have no more friends.')
  if (outgoing > outgoingRequests) {
    throw tooMany(`You can have at most ${outgoingRequests} open requests; withdraw one first.`)
  }
}

const tooMany = (message: string) => new DomainError('CONFLICT', { message })

function refuseOneself(actor: Actor, otherId: string, path: string): void {
  if (otherId !== actor.userId) return
  throw new DomainError('VALIDATION_FAILED', { details: [{ path, message: 'is yourself' }] })
}

type Told = { actor: Actor; requestId: string; now: Date }

const tellRequested = (trx: Trx, other: queries.OtherRow, told: Told) =>
  tell(trx, other, told, { title: 'Friend request', message: `${other.own_name} would like to be your friend.` })

const tellAccepted = (trx: Trx, other: queries.OtherRow, told: Told) =>
  tell(trx, other, told, { title: 'Friend request accepted', message: `${other.own_name} is your friend now.` })

async function tell(trx: Trx, other: queries.OtherRow, { actor, requestId, now }: Told, words: Words): Promise<void> {
  const data = { requestId, userId: actor.userId }
  await notify({ trx }, { userId: other.id, type: 'general', ...words, data, now })
}

type Words = { title: string; message: string }
