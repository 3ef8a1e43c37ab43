import type { Db, Trx } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'
import type { RowOf } from '../../sql/columns.ts'
import { reminderColumns } from './reminder-columns.ts'
import type { Reminder, ReminderQuery } from './reminders.schema.ts'

/** The last reminder of the previous page. */
export type ReminderPosition = Pick<Reminder, 'scheduledAt' | 'id'>

export async function insertReminder(trx: Trx, userId: string, reminder: Reminder): Promise<void> {
  await sql`
    insert into reminders (${reminderColumns.list}, user_id, updated_at)
    values (${reminderColumns.values(reminder)}, ${userId}, ${reminder.createdAt})`.execute(trx)
}

/** Reads a reminder of the user; undefined when it does not exist or belongs to another user. */
export const findReminder = (db: Db | Trx, id: string, userId: string): Promise<Reminder | undefined> =>
  readReminder(db, sql`select ${reminderColumns.selection} from reminders where id = ${id} and user_id = ${userId}`)

/** Reads a reminder of the user and locks its row until the transaction ends. */
export const lockReminder = (trx: Trx, id: string, userId: string): Promise<Reminder | undefined> =>
  readReminder(
    trx,
    sql`select ${reminderColumns.selection} from reminders where id = ${id} and user_id = ${userId} for update`,
  )

/** Lists the user's reminders, the earliest first. */
export function listReminders(
  db: Db,
  userId: string,
  { status, after, count }: Pick<ReminderQuery, 'status'> & { after: ReminderPosition | undefined; count: number },
): Promise<Reminder[]> {
  const hasStatus = status ? sql`and status = any(${status}::text[])` : sql``
  const isBeyond = after ? sql`and (scheduled_at, id) > (${after.scheduledAt}::timestamptz, ${after.id}::uuid)` : sql``
  return readReminders(
    db,
    sql`select ${reminderColumns.selection} from reminders where user_id = ${userId} ${hasStatus} ${isBeyond}
      order by scheduled_at, id limit ${count}`,
  )
}

/** Lists the user's reminders of one task, the earliest first. */
export const listRemindersOfTask = (db: Db, taskId: string, userId: string): Promise<Reminder[]> =>
  readReminders(
    db,
    sql`select ${reminderColumns.selection} from reminders where task_id = ${taskId} and user_id = ${userId}
      order by scheduled_at, id`,
  )

/** Writes the fields and the consequences of a new status, and raises the version. @returns the changed reminder */
export async function updateReminder(
  trx: Trx,
  id: string,
  changes: Partial<Reminder>,
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
    sql`update reminders set ${sql.join(assignments)} where id = ${id} returning ${reminderColumns.selection}`,
  )
}

export async function deleteReminder(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('reminders').where('id', '=', id).execute()
}

type Statement = RawBuilder<RowOf<'reminders', Reminder>>

async function readReminders(db: Db | Trx, statement: Statement): Promise<Reminder[]> {
  const { rows } = await statement.execute(db)
  return rows.map(reminderColumns.fromRow)
}

const readReminder = async (db: Db | Trx, statement: Statement): Promise<Reminder | undefined> =>
  (await readReminders(db, statement))[0]
