import { DomainError } from '@muster/errors'
import type { Message } from '@muster/realtime/shapes'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { toMessage } from './message-view.ts'
import * as queries from './messages.queries.ts'
import type { MessagesQuery } from './messages.schema.ts'

/**
 * Lists messages of a chat that are visible to the actor, ascending by number.
 * @throws DomainError NOT_FOUND for somebody who is no member
 */
export async function listMessages(
  { db }: Pick<Deps, 'db'>,
  { userId }: Actor,
  chatId: string,
  { before, after, limit }: MessagesQuery,
): Promise<{ messages: Message[]; hasMore: boolean }> {
  const page = await queries.listMessages(db, { chatId, userId, before, after, count: limit + 1 })
  if (!page) throw new DomainError('NOT_FOUND')
  const { rows, ...numbers } = page
  // Of the last messages below a number, the ones above the page are its end.
  const shown = after === undefined ? rows.slice(-limit) : rows.slice(0, limit)
  return { messages: shown.map((row) => toMessage(row, { userId, ...numbers })), hasMore: rows.length > limit }
}
