import { sendDigest } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { handle } from '@muster/jobs/worker'
import { insertMail } from '@muster/mail'
import { applyDefaults } from '@muster/policy'
import type { Deps } from '../deps.ts'
import { digestTimeOf, endOfDate, isDigestMissed } from '../due/digest-times.ts'
import { observeLateness } from '../metrics.ts'
import {
  insertDelivery,
  type ListedTask,
  listTasksDueBefore,
  type Recipient,
  readRecipient,
} from './send-digest.queries.ts'

/** Due tasks, and overdue tasks, that the mail lists; it states the number of further ones. */
const listedTasks = 25
/** Longer than for other notifications, because many digests are scheduled for the same minute. */
const lateAfterMs = 15 * 60_000

/** Sends one user the digest of one date: ledger row and mail in one transaction. */
export const sendDigestHandler = ({ clock }: Pick<Deps, 'clock'>) =>
  handle(sendDigest, ({ userId, localDate }, context) =>
    context.transact(async (tx) => {
      const recipient = await readRecipient(tx.trx, userId)
      if (recipient && applyDefaults(recipient.settings).morningDigest)
        await send(tx, recipient, localDate, clock.now())
    }),
  )

async function send(tx: TransactContext, recipient: Recipient, localDate: string, now: Date): Promise<void> {
  const scheduledAt = digestTimeOf(localDate, recipient.timezone)
  // The user changed the time zone: there the digest is not due yet, or the date does not exist. The next plan covers it.
  if (!scheduledAt || scheduledAt > now) return
  const late = now.getTime() - scheduledAt.getTime() > lateAfterMs
  const delivery = { userId: recipient.id, localDate, scheduledAt }
  if (isDigestMissed({ at: scheduledAt }, now)) {
    await insertDelivery(tx.trx, delivery, { failureReason: 'missed', late }, now)
    return
  }
  const end = endOfDate(localDate, recipient.timezone)
  const tasks = await listTasksDueBefore(tx.trx, recipient.id, end, { now, limit: listedTasks })
  if (tasks.length === 0) return
  if (!(await insertDelivery(tx.trx, delivery, { failureReason: null, late }, now))) return
  tx.afterCommit(async () => observeLateness('digest', scheduledAt, now))
  const due = toList(tasks.filter(({ isOverdue }) => !isOverdue))
  const overdue = toList(tasks.filter(({ isOverdue }) => isOverdue))
  await insertMail(tx, {
    template: 'morning-digest',
    to: recipient.email,
    userId: recipient.id,
    data: {
      name: recipient.name,
      timezone: recipient.timezone,
      localDate,
      due: due.tasks,
      dueCount: due.count,
      dueMore: due.more,
      overdue: overdue.tasks,
      overdueCount: overdue.count,
      overdueMore: overdue.more,
      late,
      scheduledAt: scheduledAt.toISOString(),
    },
    // On another day the mail would be wrong.
    expiresAt: end,
  })
}

/** Converts the listed tasks, with the number of all tasks of this kind and of those not listed. */
function toList(tasks: ListedTask[]) {
  const count = tasks[0]?.total ?? 0
  return {
    tasks: tasks.map(({ id, title, dueDate, priority, category }) => ({
      taskId: id,
      taskTitle: title,
      dueDate: dueDate.toISOString(),
      priority,
      category,
    })),
    count,
    more: count - tasks.length,
  }
}
