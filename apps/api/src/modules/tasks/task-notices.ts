import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail, type Mail } from '@muster/mail'
import { type Notification, notifyAll } from '@muster/notifications'
import { isActiveUser } from '@muster/policy'
import { dateTimeIn } from '@muster/zones'
import { type NoticeUser, readNoticeUsers } from './task-notices.queries.ts'
import type { TaskFields } from './tasks.schema.ts'

type NoticedTask = Pick<TaskFields, 'id' | 'title' | 'dueDate'>

/** The notices about a task: its owner gets the one of its completion, its assignee the others. */
export type TaskNotice =
  | { kind: 'completed' | 'assigned' | 'due-date' | 'deleted'; userId: string; task: NoticedTask }
  /** `count` tasks at once, `task` among them. */
  | { kind: 'unassigned'; userId: string; task: NoticedTask; count: number }

type Tx = Pick<TransactContext, 'trx' | 'enqueue' | 'signal'>
type Context = { user: NoticeUser; actor: NoticeUser | undefined; byId: string | null; now: Date }

/**
 * Writes the notices, and mails them to users whose preferences ask for it. The actor is told only of a completed task of their
 * own. Locks the recipients, so it is called last in its transaction.
 * @param by.byId the user who changed the tasks; null for an operator with a shell
 */
export async function notifyAboutTasks(
  tx: Tx,
  notices: readonly TaskNotice[],
  { byId, now }: { byId: string | null; now: Date },
): Promise<void> {
  const told = notices.filter(({ kind, userId }) => kind === 'completed' || userId !== byId)
  if (told.length === 0) return
  const users = await readNoticeUsers(tx.trx, [...told.map(({ userId }) => userId), byId])
  const actor = byId === null ? undefined : users.get(byId)
  const known = told.flatMap((notice) => {
    const user = users.get(notice.userId)
    return user ? [{ notice, context: { user, actor, byId, now } }] : []
  })
  const rows = known.map(({ notice, context }) => toNotification(notice, context))
  const outcomes = await notifyAll(tx, rows, now)
  for (const [index, { notice, context }] of known.entries()) {
    const outcome = outcomes[index]
    if (!outcome?.isMailWanted || !isActiveUser(context.user)) continue
    await insertMail(tx, { ...toMail(notice, context), notificationId: outcome.id })
  }
}

function toNotification(notice: TaskNotice, { user, actor, byId }: Context): Notification {
  const { kind, userId, task } = notice
  const about = { userId, type: 'general' as const }
  const name = `“${task.title}”`
  const actorName = actor?.name ?? 'An operator'
  const data = { byId, taskId: task.id }
  switch (kind) {
    case 'completed':
      return {
        ...about,
        title: 'Task completed',
        message: `${byId === userId ? 'You' : actorName} completed: ${task.title}`,
        taskId: task.id,
        data: { event: 'taskCompleted', completedById: byId ?? userId },
      }
    case 'assigned':
      return {
        ...about,
        title: 'Task assigned to you',
        message: `${actorName} assigned ${name} to you.`,
        taskId: task.id,
        data: { ...data, event: 'taskAssigned' },
      }
    case 'due-date':
      return {
        ...about,
        title: 'New due date',
        message: task.dueDate
          ? `${name} is now due on ${dateTimeIn(user.timezone, new Date(task.dueDate))}.`
          : `${name} has no due date any more.`,
        taskId: task.id,
        data: { ...data, event: 'taskDueDateChanged', dueDate: task.dueDate },
      }
    // Without `taskId`, which is a link: the recipient cannot open the task any more.
    case 'deleted':
      return {
        ...about,
        title: 'Task deleted',
        message: `${name}, which was assigned to you, was deleted.`,
        data: { ...data, event: 'taskDeleted' },
      }
    case 'unassigned':
      return {
        ...about,
        title: 'Task no longer assigned to you',
        message: `${nameOf(notice)} ${notice.count > 1 ? 'are' : 'is'} no longer assigned to you.`,
        data: { ...data, event: 'taskUnassigned', count: notice.count },
      }
  }
}

function toMail(notice: TaskNotice, { user, actor, now }: Context): Mail<'task-completed'> | Mail<'task-assignment'> {
  const { kind, task } = notice
  const recipient = { to: user.email, userId: user.id }
  const data = { name: user.name, taskId: task.id, taskTitle: task.title, timezone: user.timezone }
  if (kind === 'completed') {
    const completedBy = actor && actor.id !== user.id ? actor.name : null
    return {
      ...recipient,
      template: 'task-completed',
      data: { ...data, completedAt: now.toISOString(), completedBy },
    }
  }
  const more = kind === 'unassigned' ? notice.count - 1 : 0
  return {
    ...recipient,
    template: 'task-assignment',
    data: {
      ...data,
      kind: kind === 'due-date' && task.dueDate === null ? 'no-due-date' : kind,
      dueDate: task.dueDate,
      changedBy: actor?.name ?? null,
      more,
    },
  }
}

function nameOf({ task, count }: { task: NoticedTask; count: number }): string {
  const more = count - 1
  if (more === 0) return `“${task.title}”`
  return `“${task.title}” and ${more} more ${more === 1 ? 'task' : 'tasks'}`
}
