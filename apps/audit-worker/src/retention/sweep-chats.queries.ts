import type { Db, Trx } from '@muster/db'
import { isChatMemberSql } from '@muster/policy'
import { sql } from 'kysely'

export type OwnedFile = { id: string; kind: string; storage_key: string; thumbnail_key: string | null }

/** So many of the oldest messages tell which chats are swept next. */
const looksAt = 5_000
const groupsPerRun = 1_000

/** Finds some chats with messages that were sent before `before`, those with the oldest ones. */
export async function findChatsWithOldMessages(db: Db, before: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct chat_id as id from (
      select chat_id from messages where created_at < ${before} order by created_at limit ${looksAt}
    ) oldest`.execute(db)
  return rows.map(({ id }) => id)
}

/** Reads the number of the last message that was sent before `before`; 0 when there is none. */
export async function findLastOldSeq(trx: Trx, chatId: string, before: Date): Promise<number> {
  const { rows } = await sql<{ seq: number }>`
    select coalesce(max(seq), 0)::bigint as seq from messages
    where chat_id = ${chatId} and created_at < ${before}`.execute(trx)
  return rows[0]?.seq ?? 0
}

/** Deletes messages below the first visible one of a chat, with their reactions and reports. @returns their number and their files */
export async function deleteHiddenMessages(
  trx: Trx,
  chatId: string,
  limit: number,
): Promise<{ count: number; files: OwnedFile[] }> {
  const { rows: messages } = await sql<{ id: string }>`
    select messages.id from messages join chats on chats.id = chat_id
    where chat_id = ${chatId} and messages.seq < chats.first_seq order by messages.seq limit ${limit}`.execute(trx)
  const ids = messages.map(({ id }) => id)
  if (ids.length === 0) return { count: 0, files: [] }
  // Before their messages, whose deletion would leave them as if they had never been sent.
  const { rows: files } = await sql<OwnedFile>`
    delete from attachments where message_id = any(${ids}::uuid[])
    returning id, kind, storage_key, thumbnail_key`.execute(trx)
  await sql`delete from messages where id = any(${ids}::uuid[])`.execute(trx)
  return { count: ids.length, files }
}

/** Finds groups whose last member left before `before`. */
export async function findEmptyGroups(db: Db, before: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from chats
    where kind = 'group' and created_at < ${before} and not exists (
      select from chat_members where chat_id = chats.id and (${isChatMemberSql} or left_at >= ${before})
    ) limit ${groupsPerRun}`.execute(db)
  return rows.map(({ id }) => id)
}

/** Hides all messages of a chat that nobody sees. */
export async function hideAllMessages(trx: Trx, chatId: string): Promise<void> {
  await sql`update chats set first_seq = seq + 1 where id = ${chatId}`.execute(trx)
}

/** Deletes a chat without messages. @returns its unsent files and its picture */
export async function deleteChat(
  trx: Trx,
  id: string,
): Promise<{ files: OwnedFile[]; avatarKey: string | null | undefined }> {
  const { rows: files } = await sql<OwnedFile>`
    delete from attachments where chat_id = ${id} returning id, kind, storage_key, thumbnail_key`.execute(trx)
  const { rows } = await sql<{ avatarKey: string | null }>`
    delete from chats where id = ${id} returning avatar_key as "avatarKey"`.execute(trx)
  return { files, avatarKey: rows[0]?.avatarKey }
}
