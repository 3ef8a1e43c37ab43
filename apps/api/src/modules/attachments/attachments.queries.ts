import type { Database, Db, Trx } from '@muster/db'
import { chatFileVisibleSql, taskVisibleToSql } from '@muster/policy'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'

/** Locks the quota of an organization until the transaction ends, so that concurrent uploads cannot exceed it together. */
export async function lockQuota(trx: Trx, organizationId: string | null): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`quota:${organizationId ?? ''}`}, 0))`.execute(trx)
}

/** Sums the bytes that an organization stores. Platform roles have no organization and share one quota. */
export async function usedBytes(db: Db | Trx, organizationId: string | null): Promise<number> {
  const { used } = await db
    .selectFrom('attachments')
    .select(sql<number>`coalesce(sum(size_bytes), 0)::bigint`.as('used'))
    .where('organization_id', organizationId === null ? 'is' : '=', organizationId)
    .executeTakeFirstOrThrow()
  return used
}

export function insertAttachments(trx: Trx, rows: Insertable<Database['attachments']>[]) {
  return trx.insertInto('attachments').values(rows).returningAll().execute()
}

/** Reads an attachment with the columns that decide who may delete its task; undefined when the task is not visible to the actor. */
export function findAttachment(db: Db | Trx, id: string, actor: Actor) {
  return db
    .selectFrom('attachments')
    .innerJoin('tasks', 'tasks.id', 'attachments.task_id')
    .selectAll('attachments')
    .select(['tasks.owner_id', 'tasks.organization_id as task_organization_id'])
    .where('attachments.id', '=', id)
    .where(taskVisibleToSql(actor))
    .executeTakeFirst()
}

/** Reads an attachment of a task or of a chat; undefined when it is not visible to the actor. */
export async function findFile(
  db: Db,
  id: string,
  actor: Actor,
): Promise<Selectable<Database['attachments']> | undefined> {
  const { rows } = await sql<Selectable<Database['attachments']>>`
    select attachments.* from attachments
    left join tasks on tasks.id = attachments.task_id
    left join chats on chats.id = attachments.chat_id
    left join chat_members on chat_members.chat_id = chats.id and chat_members.user_id = ${actor.userId}
    left join messages on messages.id = attachments.message_id
    where attachments.id = ${id} and case when attachments.task_id is null then ${chatFileVisibleSql} else ${taskVisibleToSql(actor)} end
  `.execute(db)
  return rows[0]
}

/** Lists the attachments of a task, the oldest first. */
export function listAttachmentsOfTask(db: Db | Trx, taskId: string) {
  return db
    .selectFrom('attachments')
    .selectAll()
    .where('task_id', '=', taskId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

/** Deletes an attachment. @returns the row as it was; undefined when it has been deleted already */
export function deleteAttachment(trx: Trx, id: string) {
  return trx.deleteFrom('attachments').where('id', '=', id).returningAll().executeTakeFirst()
}

/** Deletes the attachments of a task or of a message. @returns the rows as they were */
export function deleteAttachmentsOf(trx: Trx, of: { taskId: string } | { messageId: string }) {
  return trx
    .deleteFrom('attachments')
    .where((eb) => ('taskId' in of ? eb('task_id', '=', of.taskId) : eb('message_id', '=', of.messageId)))
    .returningAll()
    .execute()
}
