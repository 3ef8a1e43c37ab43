import type { Db } from '@muster/db'
import { DomainError } from '@muster/errors'
import { assertWritable } from './chat-rules.ts'
import { findWriter } from './chats.queries.ts'

/**
 * Asserts that a user could send a message to a chat now.
 * @returns the number of the chat's latest message
 * @throws DomainError NOT_FOUND for somebody who is no member, FORBIDDEN in a direct chat that is read-only
 */
export async function assertMayType(db: Db, userId: string, chatId: string): Promise<{ lastSeq: number }> {
  const writer = await findWriter(db, chatId, userId)
  if (!writer) throw new DomainError('NOT_FOUND')
  assertWritable(writer)
  return writer
}
