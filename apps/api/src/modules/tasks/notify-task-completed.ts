import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail } from '@muster/mail'
import { notifyAll } from '@muster/notifications'
import { isActiveUser } from '@muster/policy'
import { findUser } from '../accounts/accounts.service.ts'

type CompletedTask = { id: string; owner_id: string; title: string }

/** Tells the owner that their task is completed, whoever did it; by a mail too when they want mails of that kind. */
export async function notifyTaskCompleted(
  tx: Pick<TransactContext, 'trx' | 'enqueue'>,
  task: CompletedTask,
  { byId, now }: { byId: string; now: Date },
): Promise<void> {
  const notification = {
    userId: task.owner_id,
    type: 'general' as const,
    title: 'Task completed',
    message: `You completed: ${task.title}`,
    taskId: task.id,
    data: { event: 'taskCompleted', completedById: byId },
  }
  const [told] = await notifyAll(tx, [notification], now)
  if (told?.isMailWanted) await mailOwner(tx, task, { byId, now, notificationId: told.id })
}

async function mailOwner(
  tx: Pick<TransactContext, 'trx' | 'enqueue'>,
  task: CompletedTask,
  { byId, now, notificationId }: { byId: string; now: Date; notificationId: string | undefined },
): Promise<void> {
  const owner = await findUser(tx.trx, task.owner_id)
  if (!owner || !isActiveUser(owner)) return
  const doer = byId === owner.id ? undefined : await findUser(tx.trx, byId)
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
      completedBy: doer?.name ?? null,
      timezone: owner.timezone,
    },
  })
}
