import { notifyDue } from '@muster/jobs/definitions'
import type { Deps } from '../deps.ts'
import * as queries from './notices.queries.ts'

/** Tasks of one hand-over. */
const claimLimit = 500
/** Nobody is told of what was due before; the morning digest lists it. */
const missedAfterMs = 24 * 3_600_000

/**
 * Hands over tasks that are due within an hour (`upcoming`) or have been due (`overdue`): marks them for this due date and
 * orders a `notify-due` job for owner and assignee each, in one transaction. A due date that moves puts the task back.
 * @returns whether there may be more
 */
export async function claimNotices(
  { transact, clock }: Pick<Deps, 'transact' | 'clock'>,
  kind: queries.NoticeKind,
): Promise<boolean> {
  const now = clock.now()
  return transact(async ({ trx, enqueue }) => {
    const tasks = await queries.claimTasks(trx, kind, { now, limit: claimLimit })
    for (const task of tasks) {
      if (!isWorthTelling(task, kind, now)) continue
      const people = new Set([task.owner_id, task.assignee_id].filter((id) => id !== null))
      for (const userId of people) {
        enqueue(notifyDue, { taskId: task.id, userId, kind, dueDate: task.due_date.toISOString() })
      }
    }
    return tasks.length === claimLimit
  })
}

/** Who makes a task within its last hour need not be told that it is due within the hour. */
function isWorthTelling({ due_date, created_at }: queries.DueTask, kind: queries.NoticeKind, now: Date): boolean {
  if (now.getTime() - due_date.getTime() > missedAfterMs) return false
  return created_at.getTime() <= due_date.getTime() - queries.leadMs[kind]
}
