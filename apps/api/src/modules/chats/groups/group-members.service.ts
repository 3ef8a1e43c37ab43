import { endMemberships } from '@muster/chat-changes'
import { DomainError, detailOf, invalid } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Deps } from '../../../deps.ts'
import type { Actor, Origin } from '../../../http/actor.ts'
import { eventOn } from '../../../http/event-on.ts'
import { type LockedChat, nextChange, saveCounters } from '../chat-lock.ts'
import { insertMembers, maxMembers } from '../chat-members.ts'
import { lockUsers } from '../create-chat.queries.ts'
import { findUnreachable } from '../reachability.ts'
import * as queries from './group-members.queries.ts'
import { lockGroupAs, lockGroupAsAdmin } from './lock-group.ts'

type ChangeDeps = Pick<Deps, 'transact' | 'clock'>
type Options = { origin: Origin }
type Role = 'admin' | 'member'

/**
 * Adds users to a group of which the actor is an admin. Who was a member before starts anew. Members are left as they are.
 * @throws DomainError NOT_FOUND, FORBIDDEN, CONFLICT in a direct chat and beyond the largest number of members, VALIDATION_FAILED for
 *   users whom the actor may not add
 */
export function addMembers(
  { transact, clock }: ChangeDeps,
  actor: Actor,
  chatId: string,
  { userIds: given, origin }: Options & { userIds: readonly string[] },
): Promise<void> {
  const userIds = [...new Set(given)]
  return transact(async (tx) => {
    // Before the chat: until the end nobody moves to another organization or is anonymised.
    await lockUsers(tx.trx, [actor.userId, ...userIds])
    const chat = await lockGroupAsAdmin(tx.trx, actor, chatId)
    const members = new Set(await queries.findMemberIds(tx.trx, chatId, userIds))
    const added = userIds.filter((id) => !members.has(id))
    await assertReachable(tx, actor, chat, { added, given })
    await assertWithinMax(tx, chat, added.length)
    if (added.length === 0) return
    const rows = added.map((userId) => ({ userId, role: 'member' as const }))
    await insertMembers(tx, chat, rows, clock.now())
    await saveCounters(tx, chat, { userIds: added })
    tx.audit({
      ...eventOn('chat', chatId, actor.userId, origin),
      action: 'chat.members_added',
      after: { userIds: added },
    })
  })
}

async function assertReachable(
  { trx }: TransactContext,
  actor: Actor,
  { organizationId }: LockedChat,
  { added, given }: { added: readonly string[]; given: readonly string[] },
): Promise<void> {
  const unreachable = await findUnreachable(trx, actor.userId, { userIds: added, organizationId })
  if (unreachable.length === 0) return
  const message = organizationId ? 'is not a member of this organization whom you can write to' : undefined
  throw new DomainError('VALIDATION_FAILED', {
    details: unreachable.map((id) => detailOf(`body.userIds.${given.indexOf(id)}`, 'NOT_REACHABLE', {}, message)),
  })
}

async function assertWithinMax({ trx }: TransactContext, chat: LockedChat, added: number): Promise<void> {
  const { members } = await queries.countMembers(trx, chat.id)
  if (members + added <= maxMembers) return
  throw new DomainError('CONFLICT', {
    message: `A group has at most ${maxMembers} members. This one has ${members}.`,
  })
}

/**
 * Gives a member another role. Without effect when they have it.
 * @throws DomainError NOT_FOUND, FORBIDDEN, CONFLICT in a direct chat, LAST_ADMIN when the group would be left without an admin
 */
export function changeRole(
  { transact, clock }: ChangeDeps,
  actor: Actor,
  { chatId, userId, role }: { chatId: string; userId: string; role: Role },
  { origin }: Options,
): Promise<void> {
  return transact(async (tx) => {
    const chat = await lockGroupAsAdmin(tx.trx, actor, chatId)
    const target = await queries.findRole(tx.trx, chatId, userId)
    if (!target) throw new DomainError('NOT_FOUND')
    if (target.role === role) return
    if (role === 'member' && (await isLastAdmin(tx, chat, userId)))
      throw new DomainError('LAST_ADMIN', {
        message: 'This is the last admin of the group. Make another member an admin first.',
      })
    await setRole(tx, chat, { userId, role, now: clock.now() })
    await saveCounters(tx, chat)
    tx.audit({
      ...eventOn('chat', chatId, actor.userId, origin),
      action: 'chat.role_changed',
      before: { userId, role: target.role },
      after: { userId, role },
    })
  })
}

/**
 * Removes a member from a group.
 * @throws DomainError NOT_FOUND, FORBIDDEN, CONFLICT in a direct chat, VALIDATION_FAILED for the actor, who leaves instead
 */
export function removeMember(
  { transact, clock }: ChangeDeps,
  actor: Actor,
  { chatId, userId }: { chatId: string; userId: string },
  { origin }: Options,
): Promise<void> {
  return transact(async (tx) => {
    const chat = await lockGroupAsAdmin(tx.trx, actor, chatId)
    if (userId === actor.userId) throw invalid('params.userId', 'YOURSELF', {}, 'is yourself; leave the group instead')
    const ending = { action: 'chat.member_removed', actorId: actor.userId, context: origin, now: clock.now() } as const
    const ended = await endMemberships(tx, [chat], userId, ending)
    if (ended.length === 0) throw new DomainError('NOT_FOUND')
  })
}

/**
 * Lets the actor leave a group. An admin can name a successor, and the last admin of a group with other members must.
 * @throws DomainError NOT_FOUND, CONFLICT in a direct chat, LAST_ADMIN without a successor, VALIDATION_FAILED for a successor who is no
 *   active member
 */
export function leaveGroup(
  { transact, clock }: ChangeDeps,
  actor: Actor,
  { chatId, successorId }: { chatId: string; successorId: string | null },
  { origin }: Options,
): Promise<void> {
  return transact(async (tx) => {
    const { chat, member } = await lockGroupAs(tx.trx, actor, chatId)
    const now = clock.now()
    if (successorId) await promoteSuccessor(tx, chat, { actor, role: member.role, successorId, origin, now })
    else if (member.role === 'admin') await assertNotLastAdmin(tx, chat, actor)
    await endMemberships(tx, [chat], actor.userId, {
      action: 'chat.member_left',
      actorId: actor.userId,
      context: origin,
      now,
    })
  })
}

async function assertNotLastAdmin(tx: TransactContext, chat: LockedChat, { userId }: Actor): Promise<void> {
  const { members } = await queries.countMembers(tx.trx, chat.id)
  if (members === 1 || !(await isLastAdmin(tx, chat, userId))) return
  throw new DomainError('LAST_ADMIN', {
    message: 'You are the last admin of this group. Name the member who becomes its admin, as successorId.',
    details: [detailOf('body.successorId', 'REQUIRED')],
  })
}

async function promoteSuccessor(
  tx: TransactContext,
  chat: LockedChat,
  { actor, role, successorId, origin, now }: Options & { actor: Actor; role: Role; successorId: string; now: Date },
): Promise<void> {
  const path = 'body.successorId'
  if (role !== 'admin') throw invalid(path, 'NOT_AVAILABLE', {}, 'can be named by an admin only; leave without one')
  if (successorId === actor.userId) throw invalid(path, 'YOURSELF')
  const successor = await queries.findRole(tx.trx, chat.id, successorId)
  if (!successor?.isActive) throw invalid(path, 'NOT_A_MEMBER', {}, 'is not an active member of this group')
  if (successor.role === 'admin') return
  await setRole(tx, chat, { userId: successorId, role: 'admin', now })
  tx.audit({
    ...eventOn('chat', chat.id, actor.userId, origin),
    action: 'chat.role_changed',
    before: { userId: successorId, role: successor.role },
    after: { userId: successorId, role: 'admin' },
  })
}

/** Tells whether no other admin with an active account would remain. */
async function isLastAdmin({ trx }: TransactContext, chat: LockedChat, userId: string): Promise<boolean> {
  const { admins } = await queries.countMembers(trx, chat.id)
  const target = await queries.findRole(trx, chat.id, userId)
  return admins - Number(target?.role === 'admin' && target.isActive) === 0
}

/** Writes another role. The caller saves the counters. */
const setRole = (
  { trx }: TransactContext,
  chat: LockedChat,
  { userId, role, now }: { userId: string; role: Role; now: Date },
) => queries.setRole(trx, { chatId: chat.id, userId, role, change: nextChange(chat), now })
