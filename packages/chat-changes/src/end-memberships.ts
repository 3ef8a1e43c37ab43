import type { AuditEvent, TransactContext } from '@muster/jobs/outbox'
import { closeChatNotifications } from '@muster/notifications'
import * as queries from './end-memberships.queries.ts'
import { type LockedChat, lockChats, nextChange, saveAllCounters } from './locked-chat.ts'

type Tx = Pick<TransactContext, 'trx' | 'signal' | 'audit'>
/** Who ended the memberships and why, for the audit log. */
export type Ending = {
  /** `left`: by the user, or together with their account or organization. */
  action: 'chat.member_left' | 'chat.member_removed'
  actorId: string | null
  context?: NonNullable<AuditEvent['context']>
  now: Date
}

/**
 * Ends the memberships of a user in all groups, or in those of other organizations than one, in the order in which chats are locked.
 * @param options.outside ends memberships only in groups of organizations other than this one; null for a user without one
 * @returns the number of memberships that ended
 */
export async function endGroupMemberships(
  tx: Tx,
  userId: string,
  { outside, ...ending }: Ending & { outside?: string | null },
): Promise<number> {
  const ids = await queries.findGroups(tx.trx, userId, outside)
  const chats = await lockChats(tx.trx, ids)
  return (await endMemberships(tx, chats, userId, ending)).length
}

/**
 * Ends the membership of a user in locked groups, each by a change. Where the last admin goes, the member of longest standing becomes
 * admin by a further change, so that a group with members has an admin.
 * @returns the ids of the chats of which the user was a member
 */
export async function endMemberships(
  tx: Tx,
  chats: readonly LockedChat[],
  userId: string,
  { now, ...ending }: Ending,
): Promise<string[]> {
  if (chats.length === 0) return []
  const byId = new Map(chats.map((chat) => [chat.id, chat]))
  const given = (ids: readonly string[]) =>
    ids.map((id) => ({ chatId: id, change: nextChange(byId.get(id) as LockedChat) }))
  const active = await queries.findActive(tx.trx, userId, [...byId.keys()])
  await queries.endMemberships(tx.trx, userId, given(active), now)
  const heirs = await queries.findHeirs(tx.trx, active)
  const changes = given(heirs.map(({ chatId }) => chatId))
  await queries.promote(
    tx.trx,
    heirs.map(({ userId: heirId }, index) => ({ ...(changes[index] as (typeof changes)[number]), userId: heirId })),
    now,
  )
  await saveAllCounters(
    tx,
    active.map((id) => byId.get(id) as LockedChat),
    [userId],
  )
  await closeChatNotifications(tx, { chatIds: active, userIds: [userId] })
  for (const id of active) auditMember(tx, id, ending, { action: ending.action, before: { userId } })
  for (const { chatId, userId: heirId } of heirs)
    auditMember(tx, chatId, ending, { action: 'chat.role_changed', after: { userId: heirId, role: 'admin' } })
  return active
}

const auditMember = (
  { audit }: Tx,
  chatId: string,
  { actorId, context }: Pick<Ending, 'actorId' | 'context'>,
  event: Pick<AuditEvent, 'action' | 'before' | 'after'>,
) => audit({ ...event, actorId, targetType: 'chat', targetId: chatId, ...(context && { context }) })
