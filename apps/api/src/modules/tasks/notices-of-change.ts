import type { TaskNotice } from './task-notices.ts'
import type { TaskFields } from './tasks.schema.ts'

/** Returns what a change of a task tells its owner, its assignee and the one before. */
export function noticesOfChange(before: TaskFields, after: TaskFields): TaskNotice[] {
  const isReassigned = before.assigneeId !== after.assigneeId
  const isMoved = before.dueDate !== after.dueDate && after.status !== 'completed'
  return [
    ...(isCompleted(before, after) ? [{ kind: 'completed' as const, userId: after.ownerId, task: after }] : []),
    ...(isReassigned ? unassignedFrom(before) : []),
    ...(isReassigned ? noticeTo(after, 'assigned') : []),
    ...(isMoved && !isReassigned ? noticeTo(after, 'due-date') : []),
  ]
}

const isCompleted = (before: TaskFields, after: TaskFields) =>
  before.status !== 'completed' && after.status === 'completed'

/** Returns the notice to the task's assignee, if it has one. */
export const noticeTo = (task: TaskFields, kind: 'assigned' | 'due-date' | 'deleted'): TaskNotice[] =>
  task.assigneeId === null ? [] : [{ kind, userId: task.assigneeId, task }]

const unassignedFrom = (task: TaskFields): TaskNotice[] =>
  task.assigneeId === null ? [] : [{ kind: 'unassigned', userId: task.assigneeId, task, count: 1 }]
