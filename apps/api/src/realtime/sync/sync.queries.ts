import type { Db } from '@muster/db'
import { hasReceiptsSql, isChatMemberSql, receiptsBetweenSql } from '@muster/policy'
import { sql } from 'kysely'
import type { MembershipRow } from '../delivery/membership.ts'

/** Returns the epoch of the data, which a restore changes. */
export async function readRestoreEpoch(db: Db): Promise<string> {
  return (await db.selectFrom('restore_epoch').select('id').executeTakeFirstOrThrow()).id
}

/** The memberships of a user in chats of `(after, upTo]`, ascending by chat, at most `limit`. */
export type Span = { userId: string; after: string | null; upTo: string | null; limit: number }

/** Lists memberships that have not ended, for each span by its place in the list. */
export async function listSpans(db: Db, spans: readonly Span[]): Promise<MembershipRow[][]> {
  const given = spans.map(({ userId, after, upTo, limit }, place) => ({
    place,
    reader_id: userId,
    after_id: after,
    up_to_id: upTo,
    max: limit,
  }))
  const { rows } = await sql<MembershipRow & { place: number }>`
    select span.place, found.*
    from jsonb_to_recordset(${JSON.stringify(given)}::jsonb)
      as span (place integer, reader_id uuid, after_id uuid, up_to_id uuid, max bigint)
    cross join lateral (
      select chat_members.chat_id, user_id, joined_seq, joined_change, chats.change
      from chat_members join chats on chats.id = chat_id
      where user_id = span.reader_id and left_at is null and ${isChatMemberSql}
        and (span.after_id is null or chat_id > span.after_id) and (span.up_to_id is null or chat_id <= span.up_to_id)
      order by chat_id limit span.max
    ) found
    order by span.place, found.chat_id`.execute(db)
  return byPlace(spans, rows)
}

export type PositionRow = { chat_id: string; user_id: string; read_seq: number; joined_change: number }

/**
 * Lists how far users have read in chats whose members they are, and the other members as far as each user may know that: for each user
 * by its place in the list.
 */
export async function listPositions(
  db: Db,
  readers: readonly { userId: string; chatIds: readonly string[] }[],
): Promise<PositionRow[][]> {
  const given = readers.flatMap(({ userId, chatIds }, place) =>
    chatIds.map((chatId) => ({ place, reader_id: userId, in_chat_id: chatId })),
  )
  const { rows } = await sql<PositionRow & { place: number }>`
    with wanted as (
      select place, chat_id, user_id, read_seq, joined_change
      from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as asked (place integer, reader_id uuid, in_chat_id uuid)
      join chat_members on chat_id = in_chat_id and user_id = reader_id and ${isChatMemberSql}
    )
    select * from wanted
    union all
    select place, other.chat_id, other.user_id, other.read_seq, other.joined_change
    from wanted join chat_members other on other.chat_id = wanted.chat_id and other.left_change is null
    where ${hasReceiptsSql(sql.ref('wanted.chat_id'))} and other.user_id <> wanted.user_id
      and ${receiptsBetweenSql(sql.ref('wanted.user_id'), sql.ref('other.user_id'))}`.execute(db)
  return byPlace(readers, rows)
}

function byPlace<Row extends { place: number }>(asked: readonly unknown[], rows: readonly Row[]): Row[][] {
  const found = asked.map((): Row[] => [])
  for (const row of rows) found[row.place]?.push(row)
  return found
}
