import { type Database, type Db, type Json, newId, type Trx } from '@muster/db'
import { activeUserSql, taskVisibleToUserSql } from '@muster/policy'
import { sql, type Updateable } from 'kysely'
import type { NotifiedTask } from '../mails/task-mail.ts'

export type DueReminder = {
  id: string
  scheduledAt: Date
  /** The same time with the precision of Postgres, to detect that the reminder was rescheduled. */
  scheduledAtText: string
  type: string
  message: string | null
  task: NotifiedTask & { completedAt: Date | null }
  user: { id: string; email: string; timezone: string; isActive: boolean; settings: Json | null }
  /** Whether the task is visible to the user. */
  isVisible: boolean
}

/**
 * Reads a reminder with its task and user; undefined when it is not pending. Locks the task against deletion, before the reminder's row
 * is written: completing and deleting a task lock in the same order, so that there is no deadlock.
 */
export async function readDueReminder(trx: Trx, id: string): Promise<DueReminder | undefined> {
  const row = await trx
    .selectFrom('reminders')
    .innerJoin('tasks', 'tasks.id', 'reminders.task_id')
    .innerJoin('users', 'users.id', 'reminders.user_id')
    .select(['reminders.scheduled_at', 'reminders.type', 'reminders.message'])
    .select(sql<string>`reminders.scheduled_at::text`.as('scheduledAtText'))
    .select(['tasks.id as taskId', 'tasks.title', 'tasks.due_date', 'tasks.completed_at'])
    .select(['tasks.priority', 'tasks.category'])
    .select(['users.id as userId', 'users.email', 'users.timezone'])
    .select([sql<boolean>`${taskVisibleToUserSql} is true`.as('isVisible'), activeUserSql.as('isActive')])
    .select((eb) =>
      eb
        .selectFrom('user_preferences')
        .select('settings')
        .whereRef('user_preferences.user_id', '=', 'users.id')
        .as('settings'),
    )
    .where('reminders.id', '=', id)
    .where('reminders.status', '=', 'pending')
    .forKeyShare('tasks')
    .executeTakeFirst()
  if (!row) return undefined
  return {
    id,
    scheduledAt: row.scheduled_at,
    scheduledAtText: row.scheduledAtText,
    type: row.type,
    message: row.message,
    task: {
      id: row.taskId,
      title: row.title,
      dueDate: row.due_date,
      priority: row.priority as NotifiedTask['priority'],
      category: row.category,
      completedAt: row.completed_at,
    },
    user: {
      id: row.userId,
      email: row.email,
      timezone: row.timezone,
      isActive: row.isActive,
      settings: row.settings,
    },
    isVisible: row.isVisible,
  }
}

type Outcome = Pick<Updateable<Database['reminders']>, 'status' | 'failure_reason' | 'completed_at'>

/** Ends a pending reminder without a delivery. @returns false when it is not pending or was rescheduled */
export async function settle(
  db: Db | Trx,
  { id, scheduledAtText }: { id: string; scheduledAtText: string },
  outcome: Outcome,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('reminders')
    .set((eb) => ({ ...outcome, version: eb('version', '+', 1), updated_at: eb.fn<Date>('now') }))
    .where('id', '=', id)
    .where('status', '=', 'pending')
    .where('scheduled_at', '=', sql<Date>`${scheduledAtText}::timestamptz`)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/**
 * Makes a reminder pending again that failed by an internal error, when an operator retries its job.
 * @returns false when it did not fail that way or was rescheduled
 */
export async function reopen(trx: Trx, { id, scheduledAt }: { id: string; scheduledAt: string }): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('reminders')
    .set((eb) => ({
      status: 'pending',
      failure_reason: null,
      version: eb('version', '+', 1),
      updated_at: eb.fn<Date>('now'),
    }))
    .where('id', '=', id)
    .where('status', '=', 'failed')
    .where('failure_reason', '=', 'error')
    .where(sql<Date>`date_trunc('milliseconds', scheduled_at)`, '=', sql<Date>`${scheduledAt}::timestamptz`)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/**
 * Marks the reminder as sent and inserts its ledger row, in one statement. The unique key of the ledger prevents a second delivery for the
 * same scheduled time.
 * @returns whether the reminder must be delivered now; false also when it is not pending or was rescheduled
 */
export async function deliver(
  trx: Trx,
  { id, scheduledAtText }: DueReminder,
  { late, now }: { late: boolean; now: Date },
): Promise<boolean> {
  const { rows } = await sql<{ isDelivered: boolean }>`
    with sent as (
      update reminders
      set status = 'sent', sent_at = ${now}, late = ${late}, version = version + 1, updated_at = now()
      where id = ${id} and status = 'pending' and scheduled_at = ${scheduledAtText}::timestamptz
      returning id, user_id, scheduled_at
    ), delivery as (
      insert into reminder_deliveries (id, reminder_id, user_id, scheduled_at, late, created_at)
      select ${newId()}::uuid, id, user_id, scheduled_at, ${late}, ${now} from sent
      on conflict (reminder_id, scheduled_at) do nothing
      returning user_id
    )
    select exists (select from delivery) as "isDelivered"`.execute(trx)
  return rows[0]?.isDelivered === true
}
