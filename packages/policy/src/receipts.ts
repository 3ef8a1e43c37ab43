import { type RawBuilder, sql } from 'kysely'
import { isSwitchedOnSql } from './switches.ts'

/** In chats with more members, only the reader's own devices learn how far they have read. */
const maxMembersWithReceipts = 50

/** SQL: a chat has few enough members for receipts. @param chatId uuid */
export const hasReceiptsSql = (chatId: RawBuilder<unknown>): RawBuilder<boolean> => sql`((
  select count(*) from (
    select from chat_members counted where counted.chat_id = ${chatId} and counted.left_change is null
    limit ${sql.lit(maxMembersWithReceipts + 1)}
  ) some_members
) <= ${sql.lit(maxMembersWithReceipts)})`

/**
 * SQL: of two members of a chat with few enough members, each may know how far the other has read: none of them has turned receipts
 * off, and neither has blocked the other.
 * @param oneId uuid, as `otherId`
 */
export const receiptsBetweenSql = (
  oneId: RawBuilder<unknown>,
  otherId: RawBuilder<unknown>,
): RawBuilder<boolean> => sql`(
  ${isSwitchedOnSql('receipts', settingsOf(oneId))} and ${isSwitchedOnSql('receipts', settingsOf(otherId))}
  and not exists (
    select from blocks where (blocker_id, blocked_id) in ((${oneId}, ${otherId}), (${otherId}, ${oneId}))
  )
)`

const settingsOf = (userId: RawBuilder<unknown>) =>
  sql`(select settings from user_preferences where user_preferences.user_id = ${userId})`
