import type { Trx } from '@muster/db'
import { sql } from 'kysely'
import { leadMs, type NoticeKind } from './notice-kinds.ts'

const columnOf = { upcoming: 'upcoming_for', overdue: 'overdue_for' } as const

/** SQL condition: the task is open and its notice for this due date was not claimed. Equals the condition of a partial index. */
export const isUnclaimed = (kind: NoticeKind) =>
  sql<boolean>`status <> 'completed' and ${sql.ref(columnOf[kind])} is distinct from due_date`

/** The latest due date whose notice is due at `now`. */
export const latestDueDate = (kind: NoticeKind, now: Date) => new Date(now.getTime() + leadMs[kind])

export type DueTask = { id: string; owner_id: string; assignee_id: string | null; due_date: Date; created_at: Date }

/** Claims tasks for a notice about their current due date; skips rows that another worker has locked. */
export async function claimTasks(
  trx: Trx,
  kind: NoticeKind,
  { now, limit }: { now: Date; limit: number },
): Promise<DueTask[]> {
  const { rows } = await sql<DueTask>`
    with due as materialized (
      select id from tasks where ${isUnclaimed(kind)} and due_date <= ${latestDueDate(kind, now)}
      order by due_date limit ${limit} for no key update skip locked
    )
    update tasks set ${sql.ref(columnOf[kind])} = due_date from due where tasks.id = due.id
    returning tasks.id, owner_id, assignee_id, due_date, created_at`.execute(trx)
  return rows
}
