import type { Db, Trx } from '@muster/db'
import { chatFileVisibleSql, isChatMemberSql } from '@muster/policy'
import { sql } from 'kysely'
import type { AttachmentRow } from '../../attachments/attachment-view.ts'
import { writableSql } from '../chats.queries.ts'

/** Reads what decides whether a user may upload to a chat; undefined for somebody who is no member. */
export async function findUploadPlace(
  db: Db | Trx,
  chatId: string,
  userId: string,
): Promise<{ organizationId: string | null; isWritable: boolean } | undefined> {
  const { rows } = await sql<{ organizationId: string | null; isWritable: boolean }>`
    select chats.organization_id as "organizationId", ${writableSql(userId)} as "isWritable"
    from chats join chat_members on chat_id = chats.id
    where chats.id = ${chatId} and user_id = ${userId} and ${isChatMemberSql}`.execute(db)
  return rows[0]
}

/** Reads a file of a chat that is visible to the user. */
export async function findFile(
  db: Db | Trx,
  { chatId, id, userId }: { chatId: string; id: string; userId: string },
): Promise<AttachmentRow | undefined> {
  const { rows } = await sql<AttachmentRow>`
    select attachments.* from attachments
    join chats on chats.id = attachments.chat_id
    join chat_members on chat_members.chat_id = chats.id and chat_members.user_id = ${userId}
    left join messages on messages.id = attachments.message_id
    where attachments.id = ${id} and attachments.chat_id = ${chatId} and ${chatFileVisibleSql}`.execute(db)
  return rows[0]
}

/** Deletes a file that no message has. @returns false when a message has it, or it is gone */
export async function deleteUnsent(trx: Trx, id: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from attachments where id = ${id} and message_id is null`.execute(trx)
  return numAffectedRows === 1n
}
