import { sql } from 'kysely'
import { type ChatTx, lockChats, nextChange, saveAllCounters } from './locked-chat.ts'

/** Gives the membership of a user in each of their direct chats a new change, because the other user sees another name there. */
export async function raiseDirectMemberships(tx: ChatTx, userId: string): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select id from chats where kind = 'direct' and ${userId}::uuid in (user_low_id, user_high_id)`.execute(tx.trx)
  const chats = await lockChats(
    tx.trx,
    rows.map(({ id }) => id),
  )
  if (chats.length === 0) return
  await sql`
    update chat_members set change = raised.change
    from unnest(
      ${chats.map(({ id }) => id)}::uuid[], ${chats.map((chat) => nextChange(chat))}::bigint[]
    ) as raised (chat_id, change)
    where chat_members.chat_id = raised.chat_id and user_id = ${userId}`.execute(tx.trx)
  await saveAllCounters(tx, chats)
}
