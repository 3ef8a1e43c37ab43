import type { Trx } from '@muster/db'
import { taskVisibleToUserSql } from '@muster/policy'
import { sql } from 'kysely'

/*
 * Each function returns the ids of the users whose reminders it has changed, one for each reminder.
 */

/** Completes the pending and sent reminders of a task. */
export async function completeReminders(trx: Trx, taskId: string, now: Date): Promise<string[]> {
  const rows = await trx
    .updateTable('reminders')
    .set({ status: 'completed', completed_at: now, version: sql`version + 1`, updated_at: now })
    .where('task_id', '=', taskId)
    .where('status', 'in', ['pending', 'sent'])
    .returning('user_id')
    .execute()
  return rows.map(({ user_id }) => user_id)
}

/** Deletes the reminders of a task. */
export async function deleteReminders(trx: Trx, taskId: string): Promise<string[]> {
  const rows = await trx.deleteFrom('reminders').where('task_id', '=', taskId).returning('user_id').execute()
  return rows.map(({ user_id }) => user_id)
}

/** Of a reminder that was cancelled because its task lost the due date from which it counts. */
const withoutDueDate = 'no due date'

/**
 * Moves the pending reminders that have an offset to the due date, and makes those pending that are in the future by it
 * and were missed or had no due date. The reminder worker claims them again; a job that it enqueued for the old time is
 * skipped.
 */
export async function moveReminders(
  trx: Trx,
  { id, dueDate }: { id: string; dueDate: Date },
  now: Date,
): Promise<string[]> {
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
    .where('task_id', '=', id)
    .where('offset_minutes', 'is not', null)
    .where(
      sql<boolean>`(status = 'pending' or ${scheduledAt} > ${now} and (
        status = 'failed' and failure_reason = 'missed' or status = 'cancelled' and failure_reason = ${withoutDueDate}))`,
    )
    .returning('user_id')
    .execute()
  return rows.map(({ user_id }) => user_id)
}

/** Cancels the pending and missed reminders that have an offset, of a task that has no due date any more. */
export async function cancelOffsetReminders(trx: Trx, taskId: string, now: Date): Promise<string[]> {
  const rows = await trx
    .updateTable('reminders')
    .set({ status: 'cancelled', failure_reason: withoutDueDate, version: sql`version + 1`, updated_at: now })
    .where('task_id', '=', taskId)
    .where('offset_minutes', 'is not', null)
    .where(sql<boolean>`(status = 'pending' or status = 'failed' and failure_reason = 'missed')`)
    .returning('user_id')
    .execute()
  return rows.map(({ user_id }) => user_id)
}

/** Cancels the reminders of these tasks, or of this user, whose task is not visible to the reminder's user. */
export async function cancelUnseenReminders(
  trx: Trx,
  which: { taskIds: readonly string[] } | { userId: string },
  now: Date,
): Promise<string[]> {
  const isChosen =
    'userId' in which
      ? sql`reminders.user_id = ${which.userId}`
      : sql`reminders.task_id = any(${which.taskIds}::uuid[])`
  const { rows } = await sql<{ user_id: string }>`
    update reminders set status = 'cancelled', failure_reason = null, version = reminders.version + 1, updated_at = ${now}
    from tasks, users
    where ${isChosen}
      and (reminders.status in ('pending', 'sent', 'failed') or reminders.failure_reason = ${withoutDueDate})
      and tasks.id = reminders.task_id and users.id = reminders.user_id and ${taskVisibleToUserSql} is not true
    returning reminders.user_id`.execute(trx)
  return rows.map(({ user_id }) => user_id)
}
