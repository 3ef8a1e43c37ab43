import type { Db } from '@muster/db'
import { hasReceiptsSql, isChatMemberSql, receiptsBetweenSql } from '@muster/policy'
import { sql } from 'kysely'
import { limitLiteral } from '../../sql/limit-literal.ts'
import type { MembershipRow } from '../delivery/membership.ts'

/** Returns the epoch of the data, which a restore changes. */
export async function readRestoreEpoch(db: Db): Promise<string> {
  return (await db.selectFrom('restore_epoch').select('id').executeTakeFirstOrThrow()).id
}

/** Lists memberships of a user that have not ended, ascending by chat, of chats in `(after, upTo]`. */
export async function listSpan(
  db: Db,
  userId: string,
  { after, upTo, limit }: { after: string | null; upTo: string | null; limit: number },
): Promise<MembershipRow[]> {
  const { rows } = await sql<MembershipRow>`
    select chat_members.chat_id, user_id, joined_seq, joined_change, chats.change
    from chat_members join chats on chats.id = chat_id
    where user_id = ${userId} and left_at is null and ${isChatMemberSql}
      and (${after}::uuid is null or chat_id > ${after}) and (${upTo}::uuid is null or chat_id <= ${upTo})
    order by chat_id limit ${limitLiteral(limit)}`.execute(db)
  return rows
}

export type PositionRow = { chat_id: string; user_id: string; read_seq: number; joined_change: number }

/** Lists how far a user has read in chats whose member they are, and the other members as far as the user may know that. */
export async function listPositions(db: Db, userId: string, chatIds: readonly string[]): Promise<PositionRow[]> {
  const { rows } = await sql<PositionRow>`
    with wanted as (
      select chat_id, user_id, read_seq, joined_change from chat_members
      where user_id = ${userId} and chat_id = any(${chatIds}::uuid[]) and ${isChatMemberSql}
    )
    select * from wanted
    union all
    select other.chat_id, other.user_id, other.read_seq, other.joined_change
    from wanted join chat_members other on other.chat_id = wanted.chat_id and other.left_change is null
    where ${hasReceiptsSql(sql.ref('wanted.chat_id'))} and other.user_id <> wanted.user_id
      and ${receiptsBetweenSql(sql.ref('wanted.user_id'), sql.ref('other.user_id'))}`.execute(db)
  return rows
}
