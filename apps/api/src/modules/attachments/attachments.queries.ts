import type { Database, Db, Trx } from '@muster/db'
import { taskVisibleToSql } from '@muster/policy'
import { type Insertable, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'

/** Uploads of one organization take turns from here to the end of their transactions, so that none overdraws the quota. */
export async function lockQuota(trx: Trx, organizationId: string | null): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`quota:${organizationId ?? ''}`}, 0))`.execute(trx)
}

/** Bytes that an organization stores. Platform roles, who have none, share one account. */
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

/** With who rules its task; undefined when the actor may not see that. */
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

/** The files of a task, the oldest first. */
export function listOfTask(db: Db | Trx, taskId: string) {
  return db
    .selectFrom('attachments')
    .selectAll()
    .where('task_id', '=', taskId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

/** @returns the row as it was at its end; undefined when it is gone already */
export function deleteAttachment(trx: Trx, id: string) {
  return trx.deleteFrom('attachments').where('id', '=', id).returningAll().executeTakeFirst()
}

/** @returns the rows as they were at their end */
export function deleteOfTask(trx: Trx, taskId: string) {
  return trx.deleteFrom('attachments').where('task_id', '=', taskId).returningAll().execute()
}
