import type { Db } from '@muster/db'
import { isChatMemberSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'

/** Settings of one member in a chat. A change of them is no change of the chat, so it needs no lock. */
export async function updateSettings(
  db: Db,
  { chatId, userId }: { chatId: string; userId: string },
  assignments: RawBuilder<unknown>,
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    update chat_members set ${assignments}
    where chat_id = ${chatId} and user_id = ${userId} and ${isChatMemberSql}`.execute(db)
  return numAffectedRows > 0n
}
