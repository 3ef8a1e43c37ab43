import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail } from '@muster/mail'
import { notifyAll } from '@muster/notifications'
import { isActiveUser } from '@muster/policy'
import { findUser } from '../accounts/accounts.service.ts'
import type { TaskFields } from './tasks.schema.ts'

type CompletedTask = Pick<TaskFields, 'id' | 'ownerId' | 'title'>

/** Notifies the owner that the task is completed, by mail too if the owner's preferences permit it. */
export async function notifyTaskCompleted(
  tx: Pick<TransactContext, 'trx' | 'enqueue'>,
  task: CompletedTask,
  { byId, now }: { byId: string; now: Date },
): Promise<void> {
  const notification = {
    userId: task.ownerId,
    type: 'general' as const,
    title: 'Task completed',
    message: `You completed: ${task.title}`,
    taskId: task.id,
    data: { event: 'taskCompleted' as const, completedById: byId },
  }
  const [notified] = await notifyAll(tx, [notification], now)
  if (notified?.isMailWanted) await mailOwner(tx, task, { byId, now, notificationId: notified.id })
}

async function mailOwner(
  tx: Pick<TransactContext, 'trx' | 'enqueue'>,
  task: CompletedTask,
  { byId, now, notificationId }: { byId: string; now: Date; notificationId: string | undefined },
): Promise<void> {
  const owner = await findUser(tx.trx, task.ownerId)
  if (!owner || !isActiveUser(owner)) return
  const actor = byId === owner.id ? undefined : await findUser(tx.trx, byId)
  await insertMail(tx, {
    template: 'task-completed',
    to: owner.email,
    userId: owner.id,
    notificationId,
    data: {
      name: owner.name,
      taskId: task.id,
      taskTitle: task.title,
      completedAt: now.toISOString(),
      completedBy: actor?.name ?? null,
      timezone: owner.timezone,
    },
  })
}
