import { notifyDue } from '@muster/jobs/definitions'
import type { Deps } from '../deps.ts'
import { leadMs, type NoticeKind } from './notice-kinds.ts'
import * as queries from './notices.queries.ts'

/** Tasks per transaction. */
const claimLimit = 500
/** Tasks that were due earlier get no notice; the morning digest lists them. */
const missedAfterMs = 24 * 3_600_000

/**
 * Claims tasks that are due within an hour (`upcoming`) or overdue (`overdue`) and enqueues a `notify-due` job for owner and
 * assignee each, in one transaction. A claim holds for the task's current due date; a new due date makes the task claimable.
 * @returns whether there may be more
 */
export async function claimNotices(
  { transact, clock }: Pick<Deps, 'transact' | 'clock'>,
  kind: NoticeKind,
): Promise<boolean> {
  const now = clock.now()
  return transact(async ({ trx, enqueue }) => {
    const tasks = await queries.claimTasks(trx, kind, { now, limit: claimLimit })
    for (const task of tasks) {
      if (!needsNotice(task, kind, now)) continue
      const userIds = new Set([task.owner_id, task.assignee_id].filter((id) => id !== null))
      for (const userId of userIds) {
        enqueue(notifyDue, { taskId: task.id, userId, kind, dueDate: task.due_date.toISOString() })
      }
    }
    return tasks.length === claimLimit
  })
}

/** False for a task that was due long ago, and for the `upcoming` notice of a task that was created within the lead time. */
function needsNotice({ due_date, created_at }: queries.DueTask, kind: NoticeKind, now: Date): boolean {
  if (now.getTime() - due_date.getTime() > missedAfterMs) return false
  return created_at.getTime() <= due_date.getTime() - leadMs[kind]
}
