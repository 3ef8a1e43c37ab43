import type { Db, Trx } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'
import type { RowOf } from '../../sql/columns.ts'
import { taskSummarySql, toTaskSummary } from '../task-access/task-summary.ts'
import { reminderColumns } from './reminder-columns.ts'
import type { Reminder, ReminderQuery, ReminderSortField, TaskReminder } from './reminders.schema.ts'

export type ReminderOrder = { field: ReminderSortField; isDescending: boolean }
/** The last reminder of the previous page: its sort key and its id. */
export type ReminderPosition = { key: string; id: string }
type ListOptions = Pick<ReminderQuery, 'status' | 'taskId' | 'from' | 'to'> & {
  order: ReminderOrder
  after: ReminderPosition | undefined
  count: number
}

type ReminderRow = RowOf<'reminders', TaskReminder> & Pick<Reminder, 'task'>

/** Selects a reminder with its task as the actor sees it. */
const selectionFor = (actor: Actor): RawBuilder<ReminderRow> =>
  sql`${reminderColumns.selection}, ${taskSummarySql(sql.ref('reminders.task_id'), actor)} as task`

/** Inserts a reminder of the actor. @returns it with its task */
export async function insertReminder(trx: Trx, actor: Actor, reminder: TaskReminder): Promise<Reminder> {
  const inserted = await readReminder(
    trx,
    sql`insert into reminders (${reminderColumns.list}, user_id, updated_at)
      values (${reminderColumns.values(reminder)}, ${actor.userId}, ${reminder.createdAt})
      returning ${selectionFor(actor)}`,
  )
  if (!inserted) throw new Error('An inserted reminder is returned.')
  return inserted
}

/** Reads a reminder of the actor; undefined when it does not exist or belongs to another user. */
export const findReminder = (db: Db | Trx, id: string, actor: Actor): Promise<Reminder | undefined> =>
  readReminder(db, sql`select ${selectionFor(actor)} from reminders where id = ${id} and user_id = ${actor.userId}`)

/** Reads a reminder of the actor and locks its row until the transaction ends. */
export const lockReminder = (trx: Trx, id: string, actor: Actor): Promise<Reminder | undefined> =>
  readReminder(
    trx,
    sql`select ${selectionFor(actor)} from reminders where id = ${id} and user_id = ${actor.userId} for update`,
  )

/** Lists the actor's reminders in this order. */
export function listReminders(
  db: Db,
  actor: Actor,
  { status, taskId, from, to, order, after, count }: ListOptions,
): Promise<Reminder[]> {
  const column = order.field === 'scheduledAt' ? sql`scheduled_at` : sql`created_at`
  const direction = order.isDescending ? sql`desc` : sql`asc`
  const beyond = order.isDescending ? sql`<` : sql`>`
  const filters = [
    status && sql`and status = any(${status}::text[])`,
    taskId && sql`and task_id = ${taskId}`,
    from && sql`and scheduled_at >= ${from}::timestamptz`,
    to && sql`and scheduled_at <= ${to}::timestamptz`,
    after && sql`and (${column}, id) ${beyond} (${after.key}::timestamptz, ${after.id}::uuid)`,
  ].filter((filter) => filter !== undefined)
  return readReminders(
    db,
    sql`select ${selectionFor(actor)} from reminders where user_id = ${actor.userId} ${sql.join(filters, sql` `)}
      order by ${column} ${direction}, id ${direction} limit ${count}`,
  )
}

/** Lists the actor's reminders of one task, the earliest first. */
export const listRemindersOfTask = (db: Db, taskId: string, actor: Actor): Promise<Reminder[]> =>
  readReminders(
    db,
    sql`select ${selectionFor(actor)} from reminders where task_id = ${taskId} and user_id = ${actor.userId}
      order by scheduled_at, id`,
  )

/** Writes the fields and the consequences of a new status, and raises the version. @returns the changed reminder */
export async function updateReminder(
  trx: Trx,
  id: string,
  { actor, changes }: { actor: Actor; changes: Partial<TaskReminder> },
  now: Date,
): Promise<Reminder | undefined> {
  const assignments = [
    ...reminderColumns.assignments(changes),
    ...(changes.status === 'pending' ? [sql`failure_reason = null`, sql`handed_at = null`] : []),
    ...(changes.status === 'completed' ? [sql`completed_at = ${now}`] : []),
    ...(changes.status === 'cancelled' ? [sql`completed_at = null`] : []),
    sql`version = version + 1`,
    sql`updated_at = ${now}`,
  ]
  return readReminder(
    trx,
    sql`update reminders set ${sql.join(assignments)} where id = ${id} returning ${selectionFor(actor)}`,
  )
}

export async function deleteReminder(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('reminders').where('id', '=', id).execute()
}

type Statement = RawBuilder<ReminderRow>

async function readReminders(db: Db | Trx, statement: Statement): Promise<Reminder[]> {
  const { rows } = await statement.execute(db)
  return rows.map(({ task, ...row }) => ({ ...reminderColumns.fromRow(row), task: toTaskSummary(task) }))
}

const readReminder = async (db: Db | Trx, statement: Statement): Promise<Reminder | undefined> =>
  (await readReminders(db, statement))[0]
