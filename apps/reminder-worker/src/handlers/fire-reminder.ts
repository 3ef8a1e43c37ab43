import { invalidateAnalytics } from '@muster/cache'
import type { Json } from '@muster/db'
import { fireReminder } from '@muster/jobs/definitions'
import type { AuditEvent, TransactContext } from '@muster/jobs/outbox'
import { createRunTogether, failsFinally, handle, type SharedRun } from '@muster/jobs/worker'
import { insertMails } from '@muster/mail'
import { type Notification, notifyAll } from '@muster/notifications'
import { applyDefaults } from '@muster/policy'
import { dateTimeIn } from '@muster/zones'
import type { Deps } from '../deps.ts'
import { lateAfterMs, taskMail } from '../mails/task-mail.ts'
import { observeLateness } from '../metrics.ts'
import { type DueReminder, deliver, readDueReminders, reopen, settle } from './fire-reminder.queries.ts'

/** A reminder that is later than this is not sent. */
const missedAfterMs = 24 * 3_600_000

type Run = SharedRun<{ reminderId: string; scheduledAt: string }>
/** A reminder that is to be delivered now, by at least one channel. */
type Delivery = { reminder: DueReminder; late: boolean; inApp: boolean; email: boolean; cause: Run['cause'] }

/**
 * Delivers one reminder for one scheduled time: ledger row, notification, mail and audit event in one transaction, which it shares with
 * the others that are due at the same moment.
 */
export function fireReminderHandler(deps: Pick<Deps, 'db' | 'publisher' | 'clock' | 'cache'>) {
  const fireTogether = createRunTogether<Run['payload']>(deps, (tx, runs) => fireAll(deps, tx, runs))
  return handle(fireReminder, async (payload, context) => {
    try {
      await fireTogether(payload, context)
    } catch (error) {
      // The last attempt failed: the user sees a failed reminder instead of one that stays pending. A retry of the job reopens it.
      if (failsFinally(error, { ...context, job: fireReminder })) {
        const reminder = { id: payload.reminderId, scheduledAtText: payload.scheduledAt }
        const userId = await settle(deps.db, reminder, { status: 'failed', failure_reason: 'error' })
        if (userId) await invalidateAnalytics(deps, [userId])
      }
      throw error
    }
  })
}

async function fireAll(deps: Pick<Deps, 'clock' | 'cache'>, tx: TransactContext, runs: readonly Run[]): Promise<void> {
  const now = deps.clock.now()
  const reminders = await readOrReopen(tx, runs)
  const userIds = new Set([...reminders.values()].map(({ user }) => user.id))
  tx.afterCommit(() => invalidateAnalytics(deps, [...userIds]))
  const deliveries: Delivery[] = []
  for (const { payload, cause } of runs) {
    const reminder = reminders.get(payload.reminderId)
    if (reminder?.scheduledAt.getTime() !== Date.parse(payload.scheduledAt)) continue
    // Two jobs may be about the same reminder, which was moved and moved back.
    reminders.delete(payload.reminderId)
    const channels = await judge(tx, reminder, now)
    if (channels) deliveries.push({ reminder, ...channels, late: isLate(reminder, now), cause })
  }
  if (deliveries.length > 0) await deliverAll(tx, deliveries, now)
}

/** Reads the pending reminders by id. Makes those pending again that failed by an internal error, when an operator retries their job. */
async function readOrReopen({ trx }: TransactContext, runs: readonly Run[]): Promise<Map<string, DueReminder>> {
  const payloads = runs.map(({ payload }) => payload)
  const ids = payloads.map(({ reminderId }) => reminderId)
  const pending = await readDueReminders(trx, ids)
  const isRead = new Set(pending.map(({ id }) => id))
  const reopened = await reopen(
    trx,
    payloads.filter(({ reminderId }) => !isRead.has(reminderId)),
  )
  const found = reopened.length > 0 ? [...pending, ...(await readDueReminders(trx, reopened))] : pending
  return new Map(found.map((reminder) => [reminder.id, reminder]))
}

/** Decides by which channels a reminder is delivered; settles one that is not delivered. @returns undefined for that one */
async function judge(
  tx: TransactContext,
  reminder: DueReminder,
  now: Date,
): Promise<{ inApp: boolean; email: boolean } | undefined> {
  const { task, user } = reminder
  if (task.completedAt) {
    await settle(tx.trx, reminder, { status: 'completed', completed_at: task.completedAt })
    return
  }
  // The user created the reminder while they lost access to the task.
  if (!reminder.isVisible) {
    await settle(tx.trx, reminder, { status: 'cancelled' })
    return
  }
  if (!user.isActive) return fail(tx, reminder, 'account inactive')
  if (delayMs(reminder, now) > missedAfterMs) return fail(tx, reminder, 'missed')
  const channels = channelsOf(reminder)
  return channels.inApp || channels.email ? channels : fail(tx, reminder, 'turned off in preferences')
}

async function deliverAll(tx: TransactContext, judged: readonly Delivery[], now: Date): Promise<void> {
  const isSent = await deliver(tx.trx, judged, now)
  const sent = judged.filter(({ reminder }) => isSent.has(reminder.id))
  tx.afterCommit(async () => {
    for (const { reminder } of sent) observeLateness('reminder', reminder.scheduledAt, now)
  })
  const told = sent.filter(({ inApp }) => inApp)
  const outcomes = await notifyAll(
    tx,
    told.map((delivery) => toNotification(delivery, now)),
    now,
  )
  const notificationIds = new Map(told.map(({ reminder }, index) => [reminder.id, outcomes[index]?.id]))
  const mails = sent
    .filter(({ email }) => email)
    .map((delivery) => ({ ...toMail(delivery), notificationId: notificationIds.get(delivery.reminder.id) }))
  await insertMails(tx, mails)
  for (const { reminder, late } of sent) tx.audit(outcomeEvent(reminder, 'reminder.sent', { status: 'sent', late }))
}

const delayMs = ({ scheduledAt }: DueReminder, now: Date) => now.getTime() - scheduledAt.getTime()
const isLate = (reminder: DueReminder, now: Date) => delayMs(reminder, now) > lateAfterMs

/** The channels that both the reminder's type and the user's preferences allow. */
function channelsOf({ type, user }: DueReminder) {
  const { inApp, email } = applyDefaults(user.settings).notifications.reminder
  return { inApp: inApp && type !== 'email', email: email && type !== 'push' }
}

async function fail(tx: TransactContext, reminder: DueReminder, reason: string): Promise<undefined> {
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

function toNotification({ reminder, late }: Delivery, now: Date): Notification {
  const { id, scheduledAt, message, task, user } = reminder
  return {
    userId: user.id,
    type: 'reminder',
    title: `Reminder: ${task.title}`,
    message: message ?? messageOf(reminder, now),
    taskId: task.id,
    data: {
      event: 'reminder',
      reminderId: id,
      scheduledAt: scheduledAt.toISOString(),
      dueDate: task.dueDate?.toISOString() ?? null,
      late,
    },
  }
}

function messageOf({ task: { title, dueDate }, user }: DueReminder, now: Date): string {
  if (!dueDate) return `You wanted to be reminded of “${title}”.`
  return dueDate > now ? `“${title}” is due on ${dateTimeIn(user.timezone, dueDate)}.` : `“${title}” is due.`
}

const toMail = ({ reminder: { scheduledAt, message, task, user }, late, cause }: Delivery) => ({
  ...taskMail('reminder', { task, user, message, scheduledAt, late }),
  cause,
})
