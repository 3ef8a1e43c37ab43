import type { Trx } from '@muster/db'
import { sql } from 'kysely'

export type NoticeKind = 'upcoming' | 'overdue'

/** How long before the due date the notice comes. */
export const leadMs: Record<NoticeKind, number> = { upcoming: 3_600_000, overdue: 0 }

const columnOf = { upcoming: 'upcoming_for', overdue: 'overdue_for' } as const

/** Tasks whose people are still to be told of their due date; as the index has them. */
export const isToTell = (kind: NoticeKind) =>
  sql<boolean>`status <> 'completed' and ${sql.ref(columnOf[kind])} is distinct from due_date`

/** Of tasks that are due until then the time has come. */
export const dueUntil = (kind: NoticeKind, now: Date) => new Date(now.getTime() + leadMs[kind])

export type DueTask = { id: string; owner_id: string; assignee_id: string | null; due_date: Date; created_at: Date }

/** Marks tasks as handed over for their due date, but for those that somebody else holds. */
export async function claimTasks(
  trx: Trx,
  kind: NoticeKind,
  { now, limit }: { now: Date; limit: number },
): Promise<DueTask[]> {
  const { rows } = await sql<DueTask>`
    with due as materialized (
      select id from tasks where ${isToTell(kind)} and due_date <= ${dueUntil(kind, now)}
      order by due_date limit ${limit} for no key update skip locked
    )
    update tasks set ${sql.ref(columnOf[kind])} = due_date from due where tasks.id = due.id
    returning tasks.id, owner_id, assignee_id, due_date, created_at`.execute(trx)
  return rows
}
