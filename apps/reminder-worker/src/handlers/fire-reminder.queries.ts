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
 * Reads those of the reminders that are pending, with their tasks and users. Locks the tasks against deletion, before the reminders' rows
 * are written: completing and deleting a task lock in the same order, so that there is no deadlock.
 */
export async function readDueReminders(trx: Trx, ids: readonly string[]): Promise<DueReminder[]> {
  const rows = await trx
    .selectFrom('reminders')
    .innerJoin('tasks', 'tasks.id', 'reminders.task_id')
    .innerJoin('users', 'users.id', 'reminders.user_id')
    .select(['reminders.id', 'reminders.scheduled_at', 'reminders.type', 'reminders.message'])
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
    .where('reminders.id', '=', sql<string>`any(${ids}::uuid[])`)
    .where('reminders.status', '=', 'pending')
    .orderBy('tasks.id')
    .forKeyShare('tasks')
    .execute()
  return rows.map((row) => ({
    id: row.id,
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
  }))
}

type Outcome = Pick<Updateable<Database['reminders']>, 'status' | 'failure_reason' | 'completed_at'>

/** Ends a pending reminder without a delivery. @returns its user; undefined when it is not pending or was rescheduled */
export async function settle(
  db: Db | Trx,
  { id, scheduledAtText }: { id: string; scheduledAtText: string },
  outcome: Outcome,
): Promise<string | undefined> {
  const settled = await db
    .updateTable('reminders')
    .set((eb) => ({ ...outcome, version: eb('version', '+', 1), updated_at: eb.fn<Date>('now') }))
    .where('id', '=', id)
    .where('status', '=', 'pending')
    .where('scheduled_at', '=', sql<Date>`${scheduledAtText}::timestamptz`)
    .returning('user_id')
    .executeTakeFirst()
  return settled?.user_id
}

/**
 * Makes those reminders pending again that failed by an internal error, when an operator retries their jobs.
 * @returns their ids; not those that did not fail that way or were rescheduled
 */
export async function reopen(
  trx: Trx,
  reminders: readonly { reminderId: string; scheduledAt: string }[],
): Promise<string[]> {
  if (reminders.length === 0) return []
  const { rows } = await sql<{ id: string }>`
    update reminders set status = 'pending', failure_reason = null, version = version + 1, updated_at = now()
    from unnest(
      ${reminders.map(({ reminderId }) => reminderId)}::uuid[], ${reminders.map(({ scheduledAt }) => scheduledAt)}::timestamptz[]
    ) as given (id, scheduled_at)
    where reminders.id = given.id and status = 'failed' and failure_reason = 'error'
      and date_trunc('milliseconds', reminders.scheduled_at) = given.scheduled_at
    returning reminders.id`.execute(trx)
  return rows.map(({ id }) => id)
}

/**
 * Marks the reminders as sent and inserts their ledger rows, in one statement. The unique key of the ledger prevents a second delivery for
 * the same scheduled time.
 * @returns the ids of those that must be delivered now; not of those that are not pending or were rescheduled
 */
export async function deliver(
  trx: Trx,
  given: readonly { reminder: DueReminder; late: boolean }[],
  now: Date,
): Promise<Set<string>> {
  const reminders = given.map(({ reminder }) => reminder)
  const { rows } = await sql<{ id: string }>`
    with given as (
      select * from unnest(
        ${given.map(() => newId())}::uuid[], ${reminders.map(({ id }) => id)}::uuid[],
        ${reminders.map(({ scheduledAtText }) => scheduledAtText)}::timestamptz[], ${given.map(({ late }) => late)}::boolean[]
      ) as given (delivery_id, id, scheduled_at, late)
    ), sent as (
      update reminders
      set status = 'sent', sent_at = ${now}, late = given.late, version = version + 1, updated_at = now()
      from given
      where reminders.id = given.id and status = 'pending' and reminders.scheduled_at = given.scheduled_at
      returning given.delivery_id, reminders.id, user_id, reminders.scheduled_at, given.late
    )
    insert into reminder_deliveries (id, reminder_id, user_id, scheduled_at, late, created_at)
    select delivery_id, id, user_id, scheduled_at, late, ${now} from sent
    on conflict (reminder_id, scheduled_at) do nothing
    returning reminder_id as id`.execute(trx)
  return new Set(rows.map(({ id }) => id))
}
