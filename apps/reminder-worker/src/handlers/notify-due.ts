import { notifyDue } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { handle } from '@muster/jobs/worker'
import { insertMail } from '@muster/mail'
import { notifyAll } from '@muster/notifications'
import { applyDefaults } from '@muster/policy'
import type { Deps } from '../deps.ts'
import { leadMs, type NoticeKind } from '../due/notice-kinds.ts'
import { lateAfterMs, taskMail } from '../mails/task-mail.ts'
import { observeLateness } from '../metrics.ts'
import { hasReminderBetween, insertNotice, type NotifiedUser, readNotifiedUser } from './notify-due.queries.ts'

/** Notifies one user about one task and due date: ledger row, notification and mail in one transaction. */
export const notifyDueHandler = ({ clock }: Pick<Deps, 'clock'>) =>
  handle(notifyDue, ({ taskId, userId, kind, dueDate }, context) =>
    context.transact(async (tx) => {
      const notified = await readNotifiedUser(tx.trx, taskId, userId)
      if (notified?.task.dueDate.getTime() !== Date.parse(dueDate)) return
      if (kind === 'upcoming' && !(await needsUpcoming(tx, notified))) return
      await deliver(tx, kind, notified, clock.now())
    }),
  )

/** False for a user who turned these notices off, or who has a reminder of their own within the hour. */
async function needsUpcoming({ trx }: Pick<TransactContext, 'trx'>, { task, user }: NotifiedUser): Promise<boolean> {
  if (!applyDefaults(user.settings).hourBefore) return false
  const ids = { taskId: task.id, userId: user.id }
  return !(await hasReminderBetween(trx, ids, scheduledFor('upcoming', task), task.dueDate))
}

async function deliver(tx: TransactContext, kind: NoticeKind, { task, user }: NotifiedUser, now: Date): Promise<void> {
  const scheduledAt = scheduledFor(kind, task)
  const late = now.getTime() - scheduledAt.getTime() > lateAfterMs
  const notice = { taskId: task.id, userId: user.id, kind, dueDate: task.dueDate }
  if (kind === 'upcoming' && now >= task.dueDate) {
    await insertNotice(tx.trx, notice, { status: 'failed', failureReason: 'missed', late }, now)
    return
  }
  if (!(await insertNotice(tx.trx, notice, { status: 'sent', failureReason: null, late }, now))) return
  tx.afterCommit(async () => observeLateness(kind, scheduledAt, now))
  const [sent] = await notifyAll(tx, [toNotification(kind, { task, user }, late)], now)
  if (!sent?.isMailWanted) return
  await insertMail(tx, {
    ...taskMail(kind, { task, user, message: null, scheduledAt, late }),
    notificationId: sent.id,
    // A notice that the task is due soon is useless after the due date.
    ...(kind === 'upcoming' && { expiresAt: task.dueDate }),
  })
}

const scheduledFor = (kind: NoticeKind, { dueDate }: { dueDate: Date }) => new Date(dueDate.getTime() - leadMs[kind])

const wordings: Record<NoticeKind, { title: string; message: string }> = {
  upcoming: { title: 'Due soon', message: 'is due within the hour.' },
  overdue: { title: 'Overdue', message: 'is overdue.' },
}

function toNotification(kind: NoticeKind, { task, user }: NotifiedUser, late: boolean) {
  const { title, message } = wordings[kind]
  return {
    userId: user.id,
    type: kind,
    title: `${title}: ${task.title}`,
    message: `“${task.title}” ${message}`,
    taskId: task.id,
    data: { event: 'taskDue' as const, dueDate: task.dueDate.toISOString(), late },
  }
}
