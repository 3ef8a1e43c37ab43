import { planNoticeNow } from '@muster/chat-changes'
import { DomainError, invalid } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Message } from '@muster/realtime/shapes'
import { type RawBuilder, sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { eventOn } from '../../http/event-on.ts'
import { deleteAttachmentsOf } from '../attachments/attachments.service.ts'
import { type LockedChat, type LockedMember, lockChatAs, nextChange, signalChange } from './chat-lock.ts'
import { assertMembers, assertWritable } from './chat-rules.ts'
import * as queries from './message-changes.queries.ts'
import { type MessageRow, toMessage } from './message-view.ts'
import type { MessagePatch } from './messages.schema.ts'

type ChangeDeps = Pick<Deps, 'transact' | 'clock'>
/** A message by its place. */
export type MessagePlace = { chatId: string; messageId: string }

const editableMs = 24 * 3_600_000
const maxEmoji = 20

/** A message whose chat is locked, as somebody sees it who may see it. */
type Locked = { chat: LockedChat; member: LockedMember; row: MessageRow }

/** Returns a message that is visible to the actor. @throws DomainError NOT_FOUND */
export async function getMessage({ db }: Pick<Deps, 'db'>, { userId }: Actor, place: MessagePlace): Promise<Message> {
  const found = await queries.findMessage(db, { ...place, userId })
  if (!found) throw new DomainError('NOT_FOUND')
  return toMessage(found.row, { userId, ...found })
}

/**
 * Changes the text of a message, and whom it mentions. A patch that changes nothing writes nothing.
 * @throws DomainError NOT_FOUND, STALE, FORBIDDEN for another user's message, after 24 hours and in a chat that is read-only, CONFLICT
 *   for a deleted message, VALIDATION_FAILED
 */
export function editMessage(
  deps: ChangeDeps,
  actor: Actor,
  place: MessagePlace,
  { patch, isCurrent }: { patch: MessagePatch; isCurrent: (version: number) => boolean },
): Promise<Message> {
  const now = deps.clock.now()
  return changeMessage(deps, actor, place, async (tx, { chat, member, row }) => {
    if (row.sender.id !== actor.userId)
      throw new DomainError('FORBIDDEN', { message: 'Only its sender can edit a message.' })
    assertNotDeleted(row)
    assertWritable(member)
    if (now.getTime() - new Date(row.createdAt).getTime() > editableMs)
      throw new DomainError('FORBIDDEN', { message: 'A message can be edited within 24 hours. This one is older.' })
    if (!isCurrent(row.version)) throw new DomainError('STALE')
    const { body = row.body, mentions = row.mentions } = patch
    if (body === null && row.attachments.length === 0) throw invalid('body.body', 'REQUIRED')
    const added = mentions.filter((id) => !row.mentions.includes(id))
    if (added.length > 0) assertMembers(await queries.findStrangers(tx.trx, chat.id, added))
    if (body === row.body && sameIds(mentions, row.mentions)) return undefined
    return sql`, body = ${body}, mentions = ${mentions}::uuid[], edited_at = ${now}, version = version + 1`
  })
}

const sameIds = (one: readonly string[], other: readonly string[]) => one.toSorted().join() === other.toSorted().join()

/**
 * Deletes a message: a tombstone without content stays. A deletion of another user's message is audited. Repeated calls change nothing.
 * @throws DomainError NOT_FOUND, and FORBIDDEN for somebody who neither sent it nor is an admin of the group
 */
export function deleteMessage(
  deps: ChangeDeps,
  actor: Actor,
  place: MessagePlace,
  { origin }: { origin: Origin },
): Promise<Message> {
  const now = deps.clock.now()
  return changeMessage(deps, actor, place, async (tx, { chat, member, row }) => {
    const isOwn = row.sender.id === actor.userId
    if (!isOwn && member.role !== 'admin')
      throw new DomainError('FORBIDDEN', {
        message: 'Only its sender or an admin of the group can delete this message.',
      })
    if (row.deletedAt) return undefined
    await deleteAttachmentsOf(tx, { messageId: row.id })
    await queries.deleteReactions(tx.trx, row.id)
    await planNoticeNow(tx, chat, now)
    if (!isOwn)
      tx.audit({
        ...eventOn('message', row.id, actor.userId, origin),
        action: 'message.moderated',
        before: {
          chatId: chat.id,
          seq: row.seq,
          senderId: row.sender.id,
          sentAt: new Date(row.createdAt).toISOString(),
        },
      })
    return sql`, body = null, mentions = '{}', deleted_at = ${now}, deleted_by = ${actor.userId}, version = version + 1`
  })
}

/**
 * Adds a reaction of the actor. Repeated calls change nothing.
 * @throws DomainError NOT_FOUND, FORBIDDEN in a chat that is read-only, CONFLICT for a deleted message and above 20 different emoji
 */
export function addReaction(deps: ChangeDeps, actor: Actor, place: MessagePlace, emoji: string): Promise<Message> {
  const now = deps.clock.now()
  return changeMessage(deps, actor, place, async (tx, { member, row }) => {
    assertNotDeleted(row)
    assertWritable(member)
    const same = row.reactions.find((reaction) => reaction.emoji === emoji)
    if (same?.userIds.includes(actor.userId)) return undefined
    if (!same && row.reactions.length >= maxEmoji)
      throw new DomainError('CONFLICT', {
        message: `A message can have ${maxEmoji} different reactions. Choose one that it has already.`,
      })
    await queries.insertReaction(tx.trx, { messageId: row.id, userId: actor.userId, emoji }, now)
    return sql``
  })
}

/** Removes a reaction of the actor. Repeated calls change nothing. @throws DomainError NOT_FOUND */
export function removeReaction(deps: ChangeDeps, actor: Actor, place: MessagePlace, emoji: string): Promise<Message> {
  return changeMessage(deps, actor, place, async (tx, { row }) => {
    const same = row.reactions.find((reaction) => reaction.emoji === emoji)
    if (!same?.userIds.includes(actor.userId)) return undefined
    await queries.deleteReaction(tx.trx, { messageId: row.id, userId: actor.userId, emoji })
    return sql``
  })
}

/**
 * Changes a message that is visible to the actor, as one change of the locked chat.
 * @param change returns further assignments of the message's row, each beginning with a comma; undefined when nothing changes
 * @returns the message as it is then
 */
function changeMessage(
  { transact }: ChangeDeps,
  { userId }: Actor,
  place: MessagePlace,
  change: (tx: TransactContext, locked: Locked) => Promise<RawBuilder<unknown> | undefined>,
): Promise<Message> {
  return transact(async (tx) => {
    const { chat, member } = await lockChatAs(tx.trx, place.chatId, userId)
    const find = async () => {
      const found = await queries.findMessage(tx.trx, { ...place, userId })
      if (!found) throw new DomainError('NOT_FOUND')
      return found.row
    }
    const viewer = { userId, joinedSeq: member.joinedSeq, firstSeq: chat.firstSeq }
    const row = await find()
    const assignments = await change(tx, { chat, member, row })
    if (!assignments) return toMessage(row, viewer)
    nextChange(chat)
    await queries.updateMessage(tx.trx, chat, row.id, assignments)
    signalChange(tx, chat)
    return toMessage(await find(), viewer)
  })
}

function assertNotDeleted({ deletedAt }: MessageRow): void {
  if (deletedAt) throw new DomainError('CONFLICT', { message: 'This message was deleted.' })
}
