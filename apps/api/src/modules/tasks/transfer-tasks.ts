import { invalidateAnalytics } from '@muster/cache'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Deps } from '../../deps.ts'
import { cancelUnseenReminders } from '../reminders/task-reminders.service.ts'
import * as queries from './transfer-tasks.queries.ts'

/** Keeps each statement far below the API's statement timeout. */
const tasksPerStatement = 1_000

/**
 * Transfers the tasks that a user owns to another organization, or to none, with their attachments. What the user shared
 * with the old organization ends: its members are unassigned from these tasks and no longer reminded of them, and the user
 * is unassigned from the tasks of others. Invalidates the analytics of all affected users.
 */
export async function transferTasks(
  deps: { cache: Pick<Deps['cache'], 'invalidate'> },
  tx: Pick<TransactContext, 'trx' | 'afterCommit'>,
  { userId, organizationId }: { userId: string; organizationId: string | null },
  now: Date,
): Promise<void> {
  const { trx, afterCommit } = tx
  const concerned = new Set<string | null>([userId])
  afterCommit(() => invalidateAnalytics(deps, concerned))
  const page = { now, limit: tasksPerStatement }
  for (let count = tasksPerStatement; count === tasksPerStatement; ) {
    const moved = await queries.moveOwnTasks(trx, { userId, organizationId }, page)
    const taskIds = moved.map(({ id }) => id)
    if (taskIds.length > 0) await cancelUnseenReminders(deps, tx, { taskIds }, now)
    for (const { oldAssigneeId } of moved) concerned.add(oldAssigneeId)
    count = moved.length
  }
  for (let count = tasksPerStatement; count === tasksPerStatement; ) {
    count = await queries.unassignFromTasksOfOthers(trx, userId, page)
  }
}
