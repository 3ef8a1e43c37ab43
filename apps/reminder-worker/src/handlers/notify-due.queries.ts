import { type Json, newId, type Trx } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { sql } from 'kysely'
import type { NoticeKind } from '../due/notice-kinds.ts'
import type { DatedTask } from '../mails/task-mail.ts'

export type NotifiedUser = {
  task: DatedTask
  user: { id: string; email: string; timezone: string; settings: Json | null }
}

type Row = Omit<DatedTask, 'dueDate'> & {
  due_date: Date
  userId: string
  email: string
  timezone: string
  settings: Json | null
}

/**
 * Reads an open task and a user who owns it or is assigned to it; undefined when the task is completed or deleted or has no due date,
 * or the user is inactive or neither of the two. Locks the task against deletion.
 */
export async function readNotifiedUser(trx: Trx, taskId: string, userId: string): Promise<NotifiedUser | undefined> {
  const { rows } = await sql<Row>`
    select tasks.id, title, due_date, priority, category, users.id as "userId", email, timezone,
      (select settings from user_preferences where user_id = users.id) as settings
    from tasks join users on users.id in (tasks.owner_id, tasks.assignee_id)
    where tasks.id = ${taskId} and users.id = ${userId} and status <> 'completed' and due_date is not null
      and ${activeUserSql}
    for key share of tasks`.execute(trx)
  const [row] = rows
  if (!row) return undefined
  const { id, title, due_date: dueDate, priority, category, userId: ownId, email, timezone, settings } = row
  return { task: { id, title, dueDate, priority, category }, user: { id: ownId, email, timezone, settings } }
}

/** Whether the user has a reminder for the task between two times, both included. */
export async function hasReminderBetween(
  trx: Trx,
  { taskId, userId }: { taskId: string; userId: string },
  from: Date,
  to: Date,
): Promise<boolean> {
  const { rows } = await sql<{ yes: boolean }>`
    select exists (
      select from reminders
      where task_id = ${taskId} and user_id = ${userId} and status in ('pending', 'sent', 'completed')
        and scheduled_at between ${from} and ${to}
    ) as yes`.execute(trx)
  return rows[0]?.yes === true
}

type Notice = { taskId: string; userId: string; kind: NoticeKind; dueDate: Date }
type Outcome = { status: 'sent' | 'failed'; failureReason: string | null; late: boolean }

/** Inserts a ledger row. @returns false when the ledger has one for this notice, user and due date */
export async function insertNotice(
  trx: Trx,
  { taskId, userId, kind, dueDate }: Notice,
  { status, failureReason, late }: Outcome,
  now: Date,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('due_notices')
    .values({
      id: newId(),
      task_id: taskId,
      user_id: userId,
      kind,
      due_date: dueDate,
      status,
      failure_reason: failureReason,
      late,
      created_at: now,
    })
    .onConflict((conflict) => conflict.columns(['task_id', 'user_id', 'kind', 'due_date']).doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}
