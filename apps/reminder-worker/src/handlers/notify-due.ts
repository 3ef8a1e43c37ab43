import { notifyDue } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { handle } from '@muster/jobs/worker'
import { insertMail } from '@muster/mail'
import { notifyAll } from '@muster/notifications'
import { applyDefaults } from '@muster/policy'
import type { Deps } from '../deps.ts'
import { leadMs, type NoticeKind } from '../due/notice-kinds.ts'
import { lateAfterMs, taskMail } from '../mails/task-mail.ts'
import { type Concerned, hasReminderBetween, insertNotice, readConcerned } from './notify-due.queries.ts'

/** Tells one person of one task and due date: ledger, notification and mail in one transaction. */
export const notifyDueHandler = ({ clock }: Pick<Deps, 'clock'>) =>
  handle(notifyDue, ({ taskId, userId, kind, dueDate }, context) =>
    context.transact(async (tx) => {
      const concerned = await readConcerned(tx.trx, taskId, userId)
      if (concerned?.task.dueDate.getTime() !== Date.parse(dueDate)) return
      if (kind === 'upcoming' && !(await wantsHourBefore(tx, concerned))) return
      await tell(tx, kind, concerned, clock.now())
    }),
  )

/** Who set a reminder of their own for that hour is not told twice. */
async function wantsHourBefore({ trx }: Pick<TransactContext, 'trx'>, { task, user }: Concerned): Promise<boolean> {
  if (!applyDefaults(user.settings).hourBefore) return false
  const ids = { taskId: task.id, userId: user.id }
  return !(await hasReminderBetween(trx, ids, scheduledFor('upcoming', task), task.dueDate))
}

async function tell(tx: TransactContext, kind: NoticeKind, { task, user }: Concerned, now: Date): Promise<void> {
  const scheduledAt = scheduledFor(kind, task)
  const late = now.getTime() - scheduledAt.getTime() > lateAfterMs
  const notice = { taskId: task.id, userId: user.id, kind, dueDate: task.dueDate }
  if (kind === 'upcoming' && now >= task.dueDate) {
    await insertNotice(tx.trx, notice, { status: 'failed', failureReason: 'missed', late }, now)
    return
  }
  if (!(await insertNotice(tx.trx, notice, { status: 'sent', failureReason: null, late }, now))) return
  const [told] = await notifyAll(tx, [toNotification(kind, { task, user }, late)], now)
  if (!told?.isMailWanted) return
  await insertMail(tx, {
    ...taskMail(kind, { task, user, message: null, scheduledAt, late }),
    notificationId: told.id,
    // That it is due soon is no news when it has been.
    ...(kind === 'upcoming' && { expiresAt: task.dueDate }),
  })
}

const scheduledFor = (kind: NoticeKind, { dueDate }: { dueDate: Date }) => new Date(dueDate.getTime() - leadMs[kind])

const wordings: Record<NoticeKind, { title: string; message: string }> = {
  upcoming: { title: 'Due soon', message: 'is due within the hour.' },
  overdue: { title: 'Overdue', message: 'is overdue.' },
}

function toNotification(kind: NoticeKind, { task, user }: Concerned, late: boolean) {
  const { title, message } = wordings[kind]
  return {
    userId: user.id,
    type: kind,
    title: `${title}: ${task.title}`,
    message: `“${task.title}” ${message}`,
    taskId: task.id,
    data: { dueDate: task.dueDate.toISOString(), late },
  }
}
