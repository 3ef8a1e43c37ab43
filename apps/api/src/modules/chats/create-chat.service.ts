import { newId, type Trx } from '@muster/db'
import { DomainError, detailOf, invalid } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { eventOn } from '../../http/event-on.ts'
import { claimOrReplay, type Idempotency } from '../../http/idempotency.ts'
import { lockChat, nextOwnChange, saveCounters } from './chat-lock.ts'
import { insertMembers, maxMembers, type NewMember } from './chat-members.ts'
import type { NewChat, NewGroup } from './chats.schema.ts'
import * as queries from './create-chat.queries.ts'
import { findUnreachable } from './reachability.ts'

type Options = { idempotency: Idempotency | undefined; origin: Origin }
type Created = { id: string; isNew: boolean }

/**
 * Creates a chat, or finds the direct chat that the two users have already. Replays of an idempotency key return the same chat.
 * @returns its id, and whether the answer is that of a new chat
 * @throws DomainError FORBIDDEN for a user whom the actor may not write to, VALIDATION_FAILED for members whom the actor may not add,
 *   IDEMPOTENCY_MISMATCH
 */
export function createChat(
  { transact, clock }: Pick<Deps, 'transact' | 'clock'>,
  actor: Actor,
  chat: NewChat,
  { idempotency, origin }: Options,
): Promise<Created> {
  const place = { id: newId(), actor, origin, idempotency, now: clock.now() }
  return transact((tx) =>
    chat.type === 'direct' ? createDirect(tx, chat.userId, place) : createGroup(tx, chat, place),
  )
}

type Place = Options & { id: string; actor: Actor; now: Date }

async function createDirect(tx: TransactContext, otherId: string, place: Place): Promise<Created> {
  if (otherId === place.actor.userId) throw invalid('body.userId', 'YOURSELF')
  const pair = [place.actor.userId, otherId].sort() as [string, string]
  const known = (await queries.findDirectChat(tx.trx, pair)) ?? (await insertDirect(tx.trx, pair, otherId, place))
  // Claimed when it is certain which chat the key names. A free key for a new chat, because the pair had none before.
  const replayed = await claim(tx.trx, { ...place, id: known ?? place.id })
  if (replayed ?? known) return { id: (replayed ?? known) as string, isNew: false }
  return finish(
    tx,
    place,
    pair.map((userId) => ({ userId, role: 'member' })),
  )
}

/** Inserts a direct chat. @returns undefined, or the id of the chat that the other user created at the same moment */
async function insertDirect(
  trx: Trx,
  pair: [string, string],
  otherId: string,
  { id, actor, now }: Place,
): Promise<string | undefined> {
  if (!(await queries.isReachable(trx, actor.userId, otherId)))
    throw new DomainError('FORBIDDEN', {
      message: 'You can write to your friends and to members of your organization only. Send a friend request first.',
    })
  const isInserted = await queries.insertChat(trx, { id, kind: 'direct', pair, createdBy: actor.userId, now })
  return isInserted ? undefined : queries.findDirectChat(trx, pair)
}

async function createGroup(tx: TransactContext, group: NewGroup, place: Place): Promise<Created> {
  const { id, actor, now } = place
  const { name, organizationId = null } = group
  const replayed = await claim(tx.trx, place)
  if (replayed) return { id: replayed, isNew: true }
  const memberIds = [...new Set(group.memberIds)].filter((userId) => userId !== actor.userId)
  await queries.lockUsers(tx.trx, [actor.userId, ...memberIds])
  await assertMayAdd(tx.trx, actor, { given: group.memberIds, memberIds, organizationId })
  await queries.insertChat(tx.trx, { id, kind: 'group', name, organizationId, createdBy: actor.userId, now })
  const others = memberIds.map((userId) => ({ userId, role: 'member' as const }))
  return finish(tx, place, [{ userId: actor.userId, role: 'admin' }, ...others])
}

const claim = (trx: Trx, { idempotency, id, actor, now }: Place) =>
  claimOrReplay(trx, idempotency, { actorId: actor.userId, resourceId: id, now })

/** Adds the members of a new chat. Its own row has the last change, so that all of them get it. */
async function finish(tx: TransactContext, { id, actor, origin, now }: Place, members: NewMember[]): Promise<Created> {
  const chat = await lockChat(tx.trx, id)
  await insertMembers(tx, chat, members, now)
  nextOwnChange(chat)
  const userIds = members.map(({ userId }) => userId)
  await saveCounters(tx, chat, { userIds })
  const { kind, name, organizationId } = chat
  tx.audit({
    ...eventOn('chat', id, actor.userId, origin),
    action: 'chat.created',
    after: { kind, name, organizationId, memberIds: userIds },
  })
  return { id, isNew: true }
}

async function assertMayAdd(
  trx: Trx,
  actor: Actor,
  { given, memberIds, organizationId }: { given: string[]; memberIds: string[]; organizationId: string | null },
): Promise<void> {
  if (memberIds.length >= maxMembers) throw invalid('body.memberIds', 'TOO_MANY', { max: maxMembers - 1 })
  if (organizationId && !(await queries.isInOrganization(trx, actor.userId, organizationId)))
    throw invalid('body.organizationId', 'NOT_AVAILABLE', {}, 'is not your organization')
  const unreachable = await findUnreachable(trx, actor.userId, { userIds: memberIds, organizationId })
  const message = organizationId ? 'is not a member of this organization whom you can write to' : undefined
  const details = unreachable.map((userId) =>
    detailOf(`body.memberIds.${given.indexOf(userId)}`, 'NOT_REACHABLE', {}, message),
  )
  if (details.length > 0) throw new DomainError('VALIDATION_FAILED', { details })
}
