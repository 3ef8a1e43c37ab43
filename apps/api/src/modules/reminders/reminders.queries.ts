import type { Database, Db, Trx } from '@muster/db'
import { type Insertable, sql, type Updateable } from 'kysely'
import type { ReminderQuery } from './reminders.schema.ts'

/** The last reminder of the previous page. */
export type ReminderPosition = { scheduledAt: Date; id: string }

export function insertReminder(trx: Trx, row: Insertable<Database['reminders']>) {
  return trx.insertInto('reminders').values(row).returningAll().executeTakeFirstOrThrow()
}

/** Reads a reminder of the user; undefined when it does not exist or belongs to another user. */
export function findReminder(db: Db | Trx, id: string, userId: string) {
  return db.selectFrom('reminders').selectAll().where('id', '=', id).where('user_id', '=', userId).executeTakeFirst()
}

/** Reads a reminder of the user and locks its row until the transaction ends. */
export function lockReminder(trx: Trx, id: string, userId: string) {
  return trx
    .selectFrom('reminders')
    .selectAll()
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .forUpdate()
    .executeTakeFirst()
}

/** Lists the user's reminders, the earliest first. */
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

/** Lists the user's reminders of one task, the earliest first. */
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

/** Writes the columns and raises the version. */
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
