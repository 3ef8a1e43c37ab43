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
    .select(['tasks.owner_id', 'tasks.assignee_id', 'tasks.organization_id as task_organization_id'])
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

type FileWithTask = Selectable<Database['attachments']> & {
  owner_id: string | null
  assignee_id: string | null
  task_organization_id: string | null
  /** Of a file of a chat: whether it is unsent and its uploader still a member; null of a file of a task. */
  is_of_uploader: boolean | null
}

/** Reads files with what decides who may see them. */
export async function findFilesWithTasks(db: Db, ids: readonly string[]): Promise<FileWithTask[]> {
  const { rows } = await sql<FileWithTask>`
    select attachments.*, tasks.owner_id, tasks.assignee_id, tasks.organization_id as task_organization_id,
      case when attachments.chat_id is not null and attachments.message_id is null then ${chatFileVisibleSql} end as is_of_uploader
    from attachments
    left join tasks on tasks.id = attachments.task_id
    left join chats on chats.id = attachments.chat_id
    left join chat_members on chat_members.chat_id = chats.id and chat_members.user_id = attachments.uploader_id
    left join messages on messages.id = attachments.message_id
    where attachments.id = any(${ids}::uuid[])`.execute(db)
  return rows
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
