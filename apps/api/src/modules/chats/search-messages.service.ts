import type { Db } from '@muster/db'
import type { Message } from '@muster/realtime/shapes'
import { z } from 'zod'
import type { Actor } from '../../http/actor.ts'
import { cursorInstant, cursorOf } from '../../http/cursor.ts'
import { exactId } from '../../http/fields.ts'
import { cursorPage } from '../../http/pagination.ts'
import type { Reads } from '../../http/reads/reads.ts'
import { parseSearch } from '../../sql/parse-search.ts'
import { toMessage } from './message-view.ts'
import type { SearchQuery } from './messages.schema.ts'
import * as queries from './search-messages.queries.ts'

const cursors = cursorOf(z.tuple([cursorInstant(6), exactId]))

/**
 * Searches the messages that are visible to the actor, the newest first.
 * @throws DomainError VALIDATION_FAILED for an invalid cursor
 */
export async function searchMessages(reads: Reads, { userId }: Actor, { q, chatId, limit, cursor }: SearchQuery) {
  const after = cursor === undefined ? undefined : positionOf(cursor)
  const readPage = async (db: Db) => {
    const search = await parseSearch(db, q)
    // A text without words, such as punctuation, finds nothing.
    const found =
      search === '' ? [] : await queries.searchMessages(db, { userId, search, chatId, after, count: limit + 1 })
    const shown = found.slice(0, limit)
    const last = shown.at(-1)
    return { shown, nextCursor: last && found.length > limit ? cursors.encode([last.position, last.row.id]) : null }
  }
  const { shown, nextCursor } = await reads.read(readPage, async (primary, page) => {
    const visible = await queries.findVisible(
      primary,
      page.shown.map(({ row }) => row.id),
      userId,
    )
    return { ...page, shown: page.shown.filter(({ row }) => visible.has(row.id)) }
  })
  const messages: Message[] = shown.map(({ row, ...numbers }) => toMessage(row, { userId, ...numbers }))
  return { messages, pagination: cursorPage({ limit, nextCursor }) }
}

function positionOf(cursor: string): queries.FoundPosition {
  const [createdAt, id] = cursors.decode(cursor)
  return { createdAt, id }
}
