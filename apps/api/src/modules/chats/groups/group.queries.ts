import type { Db, Trx } from '@muster/db'
import { isChatMemberSql } from '@muster/policy'
import { sql } from 'kysely'

/** Finds the upload from which a picture is being made. */
export async function findUpload(trx: Trx, chatId: string): Promise<string | null> {
  const { rows } = await sql<{ id: string | null }>`
    select avatar_upload_id as id from chats where id = ${chatId}`.execute(trx)
  return rows[0]?.id ?? null
}

/** Marks this upload as the one from which the picture is to be made. Changes nothing that members see. */
export async function beginAvatar(
  trx: Trx,
  { chatId, uploadId, uploaderId }: { chatId: string; uploadId: string; uploaderId: string },
): Promise<void> {
  await sql`
    update chats set avatar_upload_id = ${uploadId}, avatar_uploader_id = ${uploaderId}, avatar_status = 'processing'
    where id = ${chatId}`.execute(trx)
}

/** Reads the key of the picture of a chat; undefined for somebody who is no member. */
export async function findAvatar(
  db: Db,
  chatId: string,
  userId: string,
): Promise<{ avatar_key: string | null } | undefined> {
  const { rows } = await sql<{ avatar_key: string | null }>`
    select avatar_key from chats join chat_members on chat_id = chats.id
    where chats.id = ${chatId} and user_id = ${userId} and ${isChatMemberSql}`.execute(db)
  return rows[0]
}

/** Counts a user's files in chats that belong to no organization for the quota of this one. */
export async function moveChatFiles(trx: Trx, userId: string, organizationId: string | null): Promise<void> {
  await sql`
    update attachments set organization_id = ${organizationId}::uuid
    from chats
    where chats.id = attachments.chat_id and chats.organization_id is null and uploader_id = ${userId}
      and attachments.organization_id is distinct from ${organizationId}::uuid`.execute(trx)
}

/** Locks the direct chat of two users, if there is one, until the transaction ends. */
export async function lockDirectChat(trx: Trx, userId: string, otherId: string): Promise<void> {
  await sql`
    select from chats
    where kind = 'direct' and user_low_id = least(${userId}::uuid, ${otherId}::uuid)
      and user_high_id = greatest(${userId}::uuid, ${otherId}::uuid)
    for no key update`.execute(trx)
}
