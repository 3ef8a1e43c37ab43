import { invalidateAnalytics } from '@muster/cache'
import type { Json } from '@muster/db'
import { fireReminder } from '@muster/jobs/definitions'
import type { AuditEvent, TransactContext } from '@muster/jobs/outbox'
import { failsFinally, handle } from '@muster/jobs/worker'
import { insertMail } from '@muster/mail'
import { notify } from '@muster/notifications'
import { applyDefaults } from '@muster/policy'
import type { Deps } from '../deps.ts'
import { lateAfterMs, taskMail } from '../mails/task-mail.ts'
import { observeLateness } from '../metrics.ts'
import { type DueReminder, deliver, readDueReminder, reopen, settle } from './fire-reminder.queries.ts'

/** A reminder that is later than this is not sent. */
const missedAfterMs = 24 * 3_600_000

/** Delivers one reminder for one scheduled time: ledger row, notification, mail and audit event in one transaction. */
export const fireReminderHandler = (deps: Pick<Deps, 'db' | 'clock' | 'cache'>) =>
  handle(fireReminder, async ({ reminderId, scheduledAt }, context) => {
    let userId: string | undefined
    try {
      await context.transact(async (tx) => {
        const isReopened = async () => reopen(tx.trx, { id: reminderId, scheduledAt })
        const read = () => readDueReminder(tx.trx, reminderId)
        const reminder = (await read()) ?? ((await isReopened()) ? await read() : undefined)
        userId = reminder?.user.id
        if (reminder?.scheduledAt.getTime() === Date.parse(scheduledAt)) await fire(tx, reminder, deps.clock.now())
        if (reminder) tx.afterCommit(() => invalidateAnalytics(deps, [reminder.user.id]))
      })
    } catch (error) {
      // The last attempt failed: the user sees a failed reminder instead of one that stays pending. A retry of the job reopens it.
      if (failsFinally(error, { ...context, job: fireReminder })) {
        const reminder = { id: reminderId, scheduledAtText: scheduledAt }
        await settle(deps.db, reminder, { status: 'failed', failure_reason: 'error' })
        if (userId) await invalidateAnalytics(deps, [userId])
      }
      throw error
    }
  })

async function fire(tx: TransactContext, reminder: DueReminder, now: Date): Promise<void> {
  const { scheduledAt, task, user } = reminder
  if (task.completedAt) {
    await settle(tx.trx, reminder, { status: 'completed', completed_at: task.completedAt })
    return
  }
  // The user created the reminder while they lost access to the task.
  if (!reminder.isVisible) {
    await settle(tx.trx, reminder, { status: 'cancelled' })
    return
  }
  const delayMs = now.getTime() - scheduledAt.getTime()
  if (!user.isActive) return fail(tx, reminder, 'account inactive')
  if (delayMs > missedAfterMs) return fail(tx, reminder, 'missed')

  const { inApp, email } = channelsOf(reminder)
  if (!inApp && !email) return fail(tx, reminder, 'turned off in preferences')

  const late = delayMs > lateAfterMs
  if (!(await deliver(tx.trx, reminder, { late, now }))) return
  tx.afterCommit(async () => observeLateness('reminder', scheduledAt, now))
  const notificationId = inApp ? await notify(tx, { ...toNotification(reminder, late), now }) : undefined
  if (email) await insertMail(tx, { ...toMail(reminder, late), notificationId })
  tx.audit(outcomeEvent(reminder, 'reminder.sent', { status: 'sent', late }))
}

/** The channels that both the reminder's type and the user's preferences allow. */
function channelsOf({ type, user }: DueReminder) {
  const { inApp, email } = applyDefaults(user.settings).notifications.reminder
  return { inApp: inApp && type !== 'email', email: email && type !== 'push' }
}

async function fail(tx: TransactContext, reminder: DueReminder, reason: string): Promise<void> {
  const isSettled = await settle(tx.trx, reminder, { status: 'failed', failure_reason: reason })
  if (isSettled) tx.audit(outcomeEvent(reminder, 'reminder.failed', { status: 'failed', failureReason: reason }))
}

const outcomeEvent = ({ id }: DueReminder, action: string, after: Json): AuditEvent => ({
  action,
  actorId: null,
  targetType: 'reminder',
  targetId: id,
  before: { status: 'pending' },
  after,
})

function toNotification({ id, scheduledAt, message, task, user }: DueReminder, late: boolean) {
  return {
    userId: user.id,
    type: 'reminder' as const,
    title: `Reminder: ${task.title}`,
    message: message ?? (task.dueDate ? `“${task.title}” is due.` : `You wanted to be reminded of “${task.title}”.`),
    taskId: task.id,
    data: {
      event: 'reminder' as const,
      reminderId: id,
      scheduledAt: scheduledAt.toISOString(),
      dueDate: task.dueDate?.toISOString() ?? null,
      late,
    },
  }
}

const toMail = ({ scheduledAt, message, task, user }: DueReminder, late: boolean) =>
  taskMail('reminder', { task, user, message, scheduledAt, late })
