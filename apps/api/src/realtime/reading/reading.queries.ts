import type { Db } from '@muster/db'
import { hasReceiptsSql, receiptsBetweenSql } from '@muster/policy'
import { sql } from 'kysely'

export type Reader = { chatId: string; userId: string }
/** How far a member has read, and which other members may know it. */
export type ReaderNow = Reader & { readSeq: number; viewerIds: string[] }

/** Reads how far these members have read. Who is no member any more is left out. */
export async function findReaders(db: Db, readers: readonly Reader[]): Promise<ReaderNow[]> {
  const { rows } = await sql<ReaderNow>`
    select reader.chat_id as "chatId", reader.user_id as "userId", reader.read_seq as "readSeq", array(
      select viewer.user_id from chat_members viewer
      where ${hasReceiptsSql(sql.ref('reader.chat_id'))}
        and viewer.chat_id = reader.chat_id and viewer.left_change is null and viewer.user_id <> reader.user_id
        and ${receiptsBetweenSql(sql.ref('viewer.user_id'), sql.ref('reader.user_id'))}
    ) as "viewerIds"
    from unnest(${readers.map(({ chatId }) => chatId)}::uuid[], ${readers.map(({ userId }) => userId)}::uuid[])
      as given (chat_id, user_id)
      join chat_members reader on reader.chat_id = given.chat_id and reader.user_id = given.user_id
    where reader.left_change is null`.execute(db)
  return rows
}
