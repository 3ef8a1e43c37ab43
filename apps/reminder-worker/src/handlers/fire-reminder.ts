import { isDatabaseUnavailable, newId } from '@muster/db'
import { fireReminder } from '@muster/jobs'
import type { TransactContext } from '@muster/jobs/outbox'
import { AlreadyDone, type HandlerContext, handle, RetryLater } from '@muster/jobs/worker'
import { insertMail } from '@muster/mail'
import type { Deps } from '../deps.ts'
import {
  type DueReminder,
  insertDelivery,
  insertNotification,
  lockDueReminder,
  setOutcome,
} from './fire-reminder.queries.ts'

/** What is missed by more is not sent any more. */
const missedAfterMs = 24 * 3_600_000
/** From here on the person is told that it comes late, and when it was meant for. */
const lateAfterMs = 60_000

/** Delivers one reminder for one moment: ledger, notification, mail and audit event in one transaction. */
export const fireReminderHandler = (deps: Pick<Deps, 'db' | 'clock'>) =>
  handle(fireReminder, async ({ reminderId, scheduledAt }, context) => {
    try {
      await context.transact(async (tx) => {
        const reminder = await lockDueReminder(tx.trx, reminderId)
        if (reminder?.scheduledAt.getTime() === Date.parse(scheduledAt)) await fire(tx, reminder, deps.clock.now())
      })
    } catch (error) {
      if (isLastTry(error, context))
        await setOutcome(deps.db, reminderId, { status: 'failed', failure_reason: 'error' })
      throw error
    }
  })

async function fire(tx: TransactContext, reminder: DueReminder, now: Date): Promise<void> {
  const { id, scheduledAt, task, user } = reminder
  const delayMs = now.getTime() - scheduledAt.getTime()
  if (task.completedAt) {
    return setOutcome(tx.trx, id, { status: 'completed', completed_at: task.completedAt })
  }
  if (!user.isActive) return fail(tx, id, 'account inactive')
  if (delayMs > missedAfterMs) return fail(tx, id, 'missed')

  const late = delayMs > lateAfterMs
  await setOutcome(tx.trx, id, { status: 'sent', sent_at: now, late })
  // The unique key decides: a moment that was delivered before is not delivered again.
  if (!(await insertDelivery(tx.trx, reminder, { late, now }))) return
  if (reminder.type !== 'email')
    await insertNotification(tx.trx, { id: newId(), ...toNotification(reminder, late, now) })
  if (reminder.type !== 'push') await insertMail(tx, toMail(reminder, late))
  tx.audit({
    action: 'reminder.sent',
    actorId: null,
    targetType: 'reminder',
    targetId: id,
    before: { status: 'pending' },
    after: { status: 'sent', late },
  })
}

async function fail(tx: TransactContext, id: string, reason: string): Promise<void> {
  await setOutcome(tx.trx, id, { status: 'failed', failure_reason: reason })
  tx.audit({
    action: 'reminder.failed',
    actorId: null,
    targetType: 'reminder',
    targetId: id,
    before: { status: 'pending' },
    after: { status: 'failed', failureReason: reason },
  })
}

function toNotification({ id, scheduledAt, message, task, user }: DueReminder, late: boolean, now: Date) {
  return {
    user_id: user.id,
    type: 'reminder',
    title: `Reminder: ${task.title}`,
    message: message ?? `“${task.title}” is due.`,
    task_id: task.id,
    data: JSON.stringify({
      reminderId: id,
      scheduledAt: scheduledAt.toISOString(),
      dueDate: task.dueDate.toISOString(),
      late,
    }),
    created_at: now,
  }
}

function toMail({ scheduledAt, message, task, user }: DueReminder, late: boolean) {
  return {
    template: 'reminder' as const,
    to: user.email,
    userId: user.id,
    data: {
      taskId: task.id,
      taskTitle: task.title,
      dueDate: task.dueDate.toISOString(),
      message,
      timezone: user.timezone,
      scheduledAt: scheduledAt.toISOString(),
      late,
    },
  }
}

/** After it the job is given up, and the person must see that instead of a reminder that stays pending for ever. */
function isLastTry(error: unknown, { attempt, signal }: HandlerContext): boolean {
  if (error instanceof AlreadyDone || error instanceof RetryLater || isDatabaseUnavailable(error)) return false
  return !signal.aborted && attempt >= fireReminder.options.attempts
}
