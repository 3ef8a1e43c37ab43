import { invalidateAnalytics } from '@muster/cache'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Deps } from '../../deps.ts'
import * as queries from './task-reminders.queries.ts'

/*
 * Updates the reminders of a task after a change of the task. Each function is part of the transaction that changes the
 * task, and invalidates the analytics of the users whose reminders it has changed.
 */

type CacheDeps = { cache: Pick<Deps['cache'], 'invalidate'> }
type Tx = Pick<TransactContext, 'trx' | 'afterCommit'>

/** Completes the pending and sent reminders of a task that is completed. */
export async function completeRemindersOfTask(deps: CacheDeps, tx: Tx, taskId: string, now: Date): Promise<void> {
  invalidate(deps, tx, await queries.completeReminders(tx.trx, taskId, now))
}

/** Deletes the reminders of a task that is about to be deleted. */
export async function deleteRemindersOfTask(deps: CacheDeps, tx: Tx, taskId: string): Promise<void> {
  invalidate(deps, tx, await queries.deleteReminders(tx.trx, taskId))
}

/**
 * Adapts the reminders that have an offset to the task's new due date.
 *
 * With a date it moves the pending ones, also into the past: a reminder that should have fired
 * within the last day fires at once and is marked late, an older one fails as `missed`, just as after a time without a
 * worker. A missed reminder becomes pending again when the new due date puts it into the future. Without a date it cancels
 * them; they become pending again when the task gets a due date that puts them into the future.
 */
export async function moveRemindersOfTask(
  deps: CacheDeps,
  tx: Tx,
  { id, dueDate }: { id: string; dueDate: Date | null },
  now: Date,
): Promise<void> {
  const userIds = dueDate
    ? await queries.moveReminders(tx.trx, { id, dueDate }, now)
    : await queries.cancelOffsetReminders(tx.trx, id, now)
  invalidate(deps, tx, userIds)
}

/**
 * Cancels the reminders of these tasks, or of this user, whose task is no longer visible to the reminder's user. To be
 * called after a change of a task's assignee or organization, and of a user's role or organization.
 */
export async function cancelUnseenReminders(
  deps: CacheDeps,
  tx: Tx,
  which: { taskIds: readonly string[] } | { userId: string },
  now: Date,
): Promise<void> {
  invalidate(deps, tx, await queries.cancelUnseenReminders(tx.trx, which, now))
}

function invalidate(deps: CacheDeps, { afterCommit }: Tx, userIds: string[]): void {
  if (userIds.length > 0) afterCommit(() => invalidateAnalytics(deps, userIds))
}
