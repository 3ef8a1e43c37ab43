import { DomainError } from '@muster/errors'
import { changeDeliveredTo } from '@muster/policy'
import type { Chat } from '@muster/realtime/shapes'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { cursorInstant, cursorOf } from '../../http/cursor.ts'
import { exactId } from '../../http/fields.ts'
import { cursorPage } from '../../http/pagination.ts'
import { readChanges, viewChange } from './change-feed.service.ts'
import { toChat } from './chat-view.ts'
import * as queries from './chats.queries.ts'
import type { Changes, ChangesQuery, ChatQuery } from './chats.schema.ts'

/** Returns a chat as the actor sees it. @throws DomainError NOT_FOUND for somebody who is no member */
export async function getChat(deps: Pick<Deps, 'db' | 'clock'>, { userId }: Actor, id: string): Promise<Chat> {
  const row = await queries.findChat(deps.db, id, userId, deps.clock.now())
  if (!row) throw new DomainError('NOT_FOUND')
  return toChat(row, userId)
}

/**
 * Returns the chat that a request created, see {@link getChat}.
 * @throws DomainError CONFLICT when an idempotency key names a chat that the actor has left since
 */
export async function getCreatedChat(deps: Pick<Deps, 'db' | 'clock'>, { userId }: Actor, id: string): Promise<Chat> {
  const row = await queries.findChat(deps.db, id, userId, deps.clock.now())
  if (row) return toChat(row, userId)
  throw new DomainError('CONFLICT', {
    message: 'You are no longer in the chat of this Idempotency-Key. Use a new key to create another one.',
  })
}

const position = z.tuple([cursorInstant(3), cursorInstant(6), exactId])
const cursors = cursorOf(position)

/**
 * Lists a page of the actor's chats, the latest activity first: a message, or that they joined.
 * @throws DomainError VALIDATION_FAILED for an invalid cursor
 */
export async function listChats(
  deps: Pick<Deps, 'db' | 'clock'>,
  { userId }: Actor,
  { archived, limit, cursor }: ChatQuery,
) {
  const now = deps.clock.now()
  const after = cursor === undefined ? undefined : positionOf(cursor)
  const asOf = after?.asOf ?? now
  const found = await queries.listChats(deps.db, userId, { archived, count: limit + 1, asOf, after, now })
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const hasMore = last && found.length > limit
  const nextCursor = hasMore ? cursors.encode([asOf.toISOString(), last.activity, last.row.id]) : null
  return { chats: shown.map(({ row }) => toChat(row, userId)), pagination: cursorPage({ limit, nextCursor }) }
}

function positionOf(cursor: string): queries.ChatPosition {
  const [asOf, activity, id] = cursors.decode(cursor)
  return { asOf: new Date(asOf), activity, id }
}

/**
 * Lists what changed in a chat after a number, as far as the actor gets it.
 * @throws DomainError NOT_FOUND for somebody who is no member
 */
export async function listChanges(
  { db, lookups }: Pick<Deps, 'db' | 'lookups'>,
  { userId }: Actor,
  chatId: string,
  { after, limit }: ChangesQuery,
): Promise<Changes> {
  // Strangers are refused before the changes are read.
  const joined = await queries.findMembership(lookups, chatId, userId)
  if (!joined) throw new DomainError('NOT_FOUND')
  const read = await readChanges(db, chatId, { after: Math.max(after, joined.joined_change - 1), limit })
  // Read after the changes: a membership that has not ended now had not ended then.
  const member = await queries.findMembership(lookups, chatId, userId)
  if (!read || !member) throw new DomainError('NOT_FOUND')
  const { latest, changes } = read
  const viewer = { userId, joinedSeq: member.joined_seq }
  const last = changes.at(-1)
  return {
    latest,
    hasMore: changes.length === limit && last !== undefined && last.change < latest,
    resync: after > latest || (after > 0 && after < member.joined_change),
    changes: changes
      .filter(({ change }) => changeDeliveredTo(change, member))
      .map((change) => viewChange(change, viewer)),
  }
}
