import { type RawBuilder, sql } from 'kysely'
import { isSwitchedOnSql } from './switches.ts'

/** In chats with more members, only the reader's own devices learn how far they have read. */
export const maxMembersWithReceipts = 50

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
