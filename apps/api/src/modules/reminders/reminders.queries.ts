import type { Database, Db, Trx } from '@muster/db'
import { taskVisibleToUserSql } from '@muster/policy'
import { type Insertable, sql, type Updateable } from 'kysely'
import type { ReminderQuery } from './reminders.schema.ts'

export type ReminderPosition = { scheduledAt: Date; id: string }

export function insertReminder(trx: Trx, row: Insertable<Database['reminders']>) {
  return trx.insertInto('reminders').values(row).returningAll().executeTakeFirstOrThrow()
}

export function findReminder(db: Db | Trx, id: string, userId: string) {
  return db.selectFrom('reminders').selectAll().where('id', '=', id).where('user_id', '=', userId).executeTakeFirst()
}

/** Locks the row until the transaction ends; undefined when it is somebody else's. */
export function lockReminder(trx: Trx, id: string, userId: string) {
  return trx
    .selectFrom('reminders')
    .selectAll()
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .forUpdate()
    .executeTakeFirst()
}

/** A person's reminders, the earliest first. */
export function listReminders(
  db: Db,
  userId: string,
  { status, after, count }: Pick<ReminderQuery, 'status'> & { after: ReminderPosition | undefined; count: number },
) {
  let query = db.selectFrom('reminders').selectAll().where('user_id', '=', userId)
  if (status) query = query.where('status', '=', sql<string>`any(${status}::text[])`)
  if (after) {
    query = query.where(sql<boolean>`(scheduled_at, id) > (${after.scheduledAt}::timestamptz, ${after.id}::uuid)`)
  }
  return query.orderBy('scheduled_at').orderBy('id').limit(count).execute()
}

/** A person's reminders of one task, the earliest first. */
export function listRemindersOfTask(db: Db, taskId: string, userId: string) {
  return db
    .selectFrom('reminders')
    .selectAll()
    .where('task_id', '=', taskId)
    .where('user_id', '=', userId)
    .orderBy('scheduled_at')
    .orderBy('id')
    .execute()
}

export function updateReminder(trx: Trx, id: string, changes: Updateable<Database['reminders']>, now: Date) {
  return trx
    .updateTable('reminders')
    .set({ ...changes, version: sql`version + 1`, updated_at: now })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function deleteReminder(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('reminders').where('id', '=', id).execute()
}

/** @returns whose they were, a person as often as they had one */
export async function completeOfTask(trx: Trx, taskId: string, now: Date): Promise<string[]> {
  const rows = await trx
    .updateTable('reminders')
    .set({ status: 'completed', completed_at: now, version: sql`version + 1`, updated_at: now })
    .where('task_id', '=', taskId)
    .where('status', 'in', ['pending', 'sent'])
    .returning('user_id')
    .execute()
  return rows.map(({ user_id }) => user_id)
}

/** @returns whose they were, a person as often as they had one */
export async function deleteOfTask(trx: Trx, taskId: string): Promise<string[]> {
  const rows = await trx.deleteFrom('reminders').where('task_id', '=', taskId).returning('user_id').execute()
  return rows.map(({ user_id }) => user_id)
}

/**
 * The reminder worker claims them anew: a job that it ordered for the old time finds another one and does nothing. One that
 * was missed, for the due date lay in the past, waits again when that lies ahead. @returns whose they were
 */
export async function moveOfTask(trx: Trx, taskId: string, dueDate: Date, now: Date): Promise<string[]> {
  const scheduledAt = sql<Date>`${dueDate}::timestamptz - make_interval(mins => offset_minutes)`
  const rows = await trx
    .updateTable('reminders')
    .set({
      scheduled_at: scheduledAt,
      status: 'pending',
      failure_reason: null,
      handed_at: null,
      version: sql`version + 1`,
      updated_at: now,
    })
    .where('task_id', '=', taskId)
    .where('offset_minutes', 'is not', null)
    .where(
      sql<boolean>`(status = 'pending' or status = 'failed' and failure_reason = 'missed' and ${scheduledAt} > ${now})`,
    )
    .returning('user_id')
    .execute()
  return rows.map(({ user_id }) => user_id)
}

/** Reminders of these tasks, or of this person, whose person does not see the task (any more). @returns whose they were */
export async function cancelUnseen(
  trx: Trx,
  which: { taskIds: readonly string[] } | { userId: string },
  now: Date,
): Promise<string[]> {
  const isMeant =
    'userId' in which
      ? sql`reminders.user_id = ${which.userId}`
      : sql`reminders.task_id = any(${which.taskIds}::uuid[])`
  const { rows } = await sql<{ user_id: string }>`
    update reminders set status = 'cancelled', failure_reason = null, version = reminders.version + 1, updated_at = ${now}
    from tasks, users
    where ${isMeant} and reminders.status in ('pending', 'sent', 'failed')
      and tasks.id = reminders.task_id and users.id = reminders.user_id and ${taskVisibleToUserSql} is not true
    returning reminders.user_id`.execute(trx)
  return rows.map(({ user_id }) => user_id)
}
