import { type Json, newId, type Trx } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { sql } from 'kysely'
import type { DatedTask } from '../mails/task-mail.ts'

export type Recipient = { id: string; name: string; email: string; timezone: string; settings: Json | null }

/** Reads a user with their preferences; undefined when the user is not active. */
export async function readRecipient(trx: Trx, userId: string): Promise<Recipient | undefined> {
  const { rows } = await sql<Recipient>`
    select id, name, email, timezone, (select settings from user_preferences where user_id = users.id) as settings
    from users where id = ${userId} and ${activeUserSql}`.execute(trx)
  return rows[0]
}

export type ListedTask = DatedTask & { isOverdue: boolean; total: number }

/**
 * Lists a user's open tasks, as owner or assignee, that are due before `end`: upcoming ones by due date, then overdue ones, latest first.
 * @param limit for each of the two kinds; `total` of a task is the number of all tasks of its kind
 */
export async function listTasksDueBefore(
  trx: Trx,
  userId: string,
  end: Date,
  { now, limit }: { now: Date; limit: number },
): Promise<ListedTask[]> {
  const columns = sql`id, title, due_date, priority, category`
  const isDue = sql`status <> 'completed' and due_date < ${end}`
  const { rows } = await sql<ListedTask>`
    with due as (
      select ${columns} from tasks where owner_id = ${userId} and ${isDue}
      union all
      select ${columns} from tasks where assignee_id = ${userId} and owner_id <> ${userId} and ${isDue}
    ), ranked as (
      select *, due_date < ${now} as is_overdue, count(*) over (partition by due_date < ${now})::integer as total,
        row_number() over (
          partition by due_date < ${now} order by case when due_date < ${now} then ${now} - due_date end, due_date, id
        ) as place
      from due
    )
    select id, title, due_date as "dueDate", priority, category, is_overdue as "isOverdue", total
    from ranked where place <= ${limit} order by is_overdue, place`.execute(trx)
  return rows
}

type Delivery = { userId: string; localDate: string; scheduledAt: Date }

/**
 * Inserts a ledger row.
 * @returns false when the ledger has one for this user and local date
 */
export async function insertDelivery(
  trx: Trx,
  { userId, localDate, scheduledAt }: Delivery,
  { failureReason, late }: { failureReason: string | null; late: boolean },
  now: Date,
): Promise<boolean> {
  const { rows } = await sql`
    insert into digest_deliveries (id, user_id, local_date, scheduled_at, status, failure_reason, late, created_at)
    values (${newId()}, ${userId}, ${localDate}::date, ${scheduledAt},
      ${failureReason === null ? 'sent' : 'failed'}, ${failureReason}, ${late}, ${now})
    on conflict (user_id, local_date) do nothing
    returning id`.execute(trx)
  return rows.length === 1
}
