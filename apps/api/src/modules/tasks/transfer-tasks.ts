import { invalidateAnalytics } from '@muster/cache'
import type { TransactContext } from '@muster/jobs/outbox'
import { type Room, roomsOfTask } from '@muster/signals'
import type { Deps } from '../../deps.ts'
import { cancelUnseenReminders } from '../reminders/task-reminders.service.ts'
import type { TaskNotice } from './task-notices.ts'
import * as queries from './transfer-tasks.queries.ts'

/** Keeps each statement far below the API's statement timeout. */
const tasksPerStatement = 1_000
/** Above it, clients fetch their tasks anew. */
const signalsPerRoom = 50

/**
 * Transfers the tasks that a user owns to another organization, or to none, with their attachments. What the user shared
 * with the old organization ends: its members are unassigned from these tasks and no longer reminded of them, and the user
 * is unassigned from the tasks of others. Invalidates the analytics of all affected users, and signals them.
 * @returns what the unassigned users are to be told, last in the transaction (`notifyAboutTasks`)
 */
export async function transferTasks(
  deps: { cache: Pick<Deps['cache'], 'invalidate'> },
  tx: Pick<TransactContext, 'trx' | 'signal' | 'afterCommit'>,
  { userId, organizationId }: { userId: string; organizationId: string | null },
  now: Date,
): Promise<TaskNotice[]> {
  const { trx, afterCommit } = tx
  const concerned = new Set<string | null>([userId])
  afterCommit(() => invalidateAnalytics(deps, concerned))
  const unassigned = collectUnassigned()
  const changes = collectChanges(tx)
  const page = { now, limit: tasksPerStatement }
  for (let count = tasksPerStatement; count === tasksPerStatement; ) {
    const moved = await queries.moveOwnTasks(trx, { userId, organizationId }, page)
    const taskIds = moved.map(({ id }) => id)
    if (taskIds.length > 0) await cancelUnseenReminders(deps, tx, { taskIds }, now)
    for (const task of moved) {
      concerned.add(task.oldAssigneeId)
      changes.add(task, organizationId)
      // An owner who is their own assignee stays it.
      if (task.oldAssigneeId !== userId) unassigned.add(task)
    }
    count = moved.length
  }
  for (let count = tasksPerStatement; count === tasksPerStatement; ) {
    const taken = await queries.unassignFromTasksOfOthers(trx, userId, page)
    for (const task of taken) {
      unassigned.add(task)
      changes.add(task, task.oldOrganizationId)
    }
    count = taken.length
  }
  changes.signal()
  return unassigned.notices()
}

/** Collects who is to be signalled about which task; of very many tasks, only that something changed. */
function collectChanges({ signal }: Pick<TransactContext, 'signal'>) {
  const taskIds = new Map<Room, string[]>()
  return {
    add({ id, ownerId, oldAssigneeId, oldOrganizationId }: queries.MovedTask, organizationId: string | null) {
      const before = roomsOfTask({ ownerId, assigneeId: oldAssigneeId, organizationId: oldOrganizationId })
      const after = roomsOfTask({ ownerId, assigneeId: null, organizationId })
      for (const room of new Set([...before, ...after])) taskIds.set(room, [...(taskIds.get(room) ?? []), id])
    },
    signal() {
      for (const [room, ids] of taskIds) {
        if (ids.length > signalsPerRoom) signal({ room, event: 'stale', lost: ['task', 'attachment'] })
        else for (const id of ids) signal({ room, event: 'task', id })
      }
    },
  }
}

/** Collects one notice for each user, however many tasks are taken from them. */
function collectUnassigned() {
  const byUser = new Map<string, TaskNotice & { kind: 'unassigned' }>()
  return {
    add({ id, title, dueDate, oldAssigneeId: userId }: queries.MovedTask) {
      if (userId === null) return
      const task = { id, title, dueDate: dueDate?.toISOString() ?? null }
      const { count = 0, ...first } = byUser.get(userId) ?? { kind: 'unassigned', userId, task }
      byUser.set(userId, { ...first, count: count + 1 })
    },
    notices: () => [...byUser.values()],
  }
}
