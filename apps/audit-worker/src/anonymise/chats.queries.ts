import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'

/** Finds messages to which the user reacted. */
export async function findReactedMessages(
  db: Db,
  userId: string,
  limit: number,
): Promise<{ id: string; chatId: string }[]> {
  const { rows } = await sql<{ id: string; chatId: string }>`
    select distinct messages.id, messages.chat_id as "chatId" from (
      select message_id from message_reactions where user_id = ${userId} limit ${limit}
    ) reacted join messages on messages.id = message_id`.execute(db)
  return rows
}

/** Deletes the reactions of a user to these messages. */
export async function deleteReactions(trx: Trx, userId: string, messageIds: readonly string[]): Promise<void> {
  await sql`
    delete from message_reactions where user_id = ${userId} and message_id = any(${messageIds}::uuid[])`.execute(trx)
}
