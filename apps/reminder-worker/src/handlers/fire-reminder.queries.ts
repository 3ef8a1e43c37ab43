import { type Database, type Db, newId, type Trx } from '@muster/db'
import type { Insertable, Updateable } from 'kysely'

export type DueReminder = {
  id: string
  scheduledAt: Date
  type: string
  message: string | null
  task: { id: string; title: string; dueDate: Date; completedAt: Date | null }
  user: { id: string; email: string; timezone: string; isActive: boolean }
}

/**
 * The reminder with its task and person, locked until the transaction ends; undefined when it is no longer pending.
 * The task comes first, as where a task is completed or deleted, so that the two can't wait for each other.
 */
export async function lockDueReminder(trx: Trx, id: string): Promise<DueReminder | undefined> {
  const facts = await trx
    .selectFrom('reminders')
    .innerJoin('tasks', 'tasks.id', 'reminders.task_id')
    .innerJoin('users', 'users.id', 'reminders.user_id')
    .select(['tasks.id as taskId', 'title', 'due_date', 'tasks.completed_at'])
    .select(['users.id as userId', 'email', 'timezone', 'is_active'])
    .where('reminders.id', '=', id)
    .forKeyShare('tasks')
    .executeTakeFirst()
  const reminder = await trx
    .selectFrom('reminders')
    .select(['id', 'scheduled_at', 'type', 'message'])
    .where('id', '=', id)
    .where('status', '=', 'pending')
    .forUpdate()
    .executeTakeFirst()
  if (!facts || !reminder) return undefined
  return {
    id: reminder.id,
    scheduledAt: reminder.scheduled_at,
    type: reminder.type,
    message: reminder.message,
    task: { id: facts.taskId, title: facts.title, dueDate: facts.due_date, completedAt: facts.completed_at },
    user: { id: facts.userId, email: facts.email, timezone: facts.timezone, isActive: facts.is_active },
  }
}

type Outcome = Pick<
  Updateable<Database['reminders']>,
  'status' | 'failure_reason' | 'sent_at' | 'completed_at' | 'late'
>

/** Ends the pending state; a reminder that has left it already stays as it is. */
export async function setOutcome(db: Db | Trx, id: string, outcome: Outcome): Promise<void> {
  await db
    .updateTable('reminders')
    .set((eb) => ({ ...outcome, version: eb('version', '+', 1), updated_at: eb.fn<Date>('now') }))
    .where('id', '=', id)
    .where('status', '=', 'pending')
    .execute()
}

/** @returns false when this moment stands in the ledger already */
export async function insertDelivery(
  trx: Trx,
  { id, scheduledAt, user }: DueReminder,
  { late, now }: { late: boolean; now: Date },
): Promise<boolean> {
  const inserted = await trx
    .insertInto('reminder_deliveries')
    .values({ id: newId(), reminder_id: id, user_id: user.id, scheduled_at: scheduledAt, late, created_at: now })
    .onConflict((conflict) => conflict.columns(['reminder_id', 'scheduled_at']).doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}

export async function insertNotification(trx: Trx, row: Insertable<Database['notifications']>): Promise<void> {
  await trx.insertInto('notifications').values(row).execute()
}
