import { sendDigest } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { handle } from '@muster/jobs/worker'
import { insertMail } from '@muster/mail'
import { applyDefaults } from '@muster/policy'
import type { Deps } from '../deps.ts'
import { digestTimeOf, endOfDate, isDigestMissed } from '../due/digest-times.ts'
import { insertDelivery, type ListedTask, listTasksDueBefore, type Reader, readReader } from './send-digest.queries.ts'

/** Of what is due, and of what is overdue; of the rest the mail tells the number. */
const listedTasks = 25
/** Many digests are for the same minute, and nobody minds that one takes a while. */
const lateAfterMs = 15 * 60_000

/** Mails one person the digest of one date: ledger and mail in one transaction. */
export const sendDigestHandler = ({ clock }: Pick<Deps, 'clock'>) =>
  handle(sendDigest, ({ userId, localDate }, context) =>
    context.transact(async (tx) => {
      const reader = await readReader(tx.trx, userId)
      if (reader && applyDefaults(reader.settings).morningDigest) await send(tx, reader, localDate, clock.now())
    }),
  )

async function send(tx: TransactContext, reader: Reader, localDate: string, now: Date): Promise<void> {
  const scheduledAt = digestTimeOf(localDate, reader.timezone)
  // Who has moved to another zone meanwhile is looked at anew: there this date has not begun, or does not exist.
  if (!scheduledAt || scheduledAt > now) return
  const late = now.getTime() - scheduledAt.getTime() > lateAfterMs
  const delivery = { userId: reader.id, localDate, scheduledAt }
  if (isDigestMissed({ at: scheduledAt }, now)) {
    await insertDelivery(tx.trx, delivery, { failureReason: 'missed', late }, now)
    return
  }
  const end = endOfDate(localDate, reader.timezone)
  const tasks = await listTasksDueBefore(tx.trx, reader.id, end, { now, limit: listedTasks })
  if (tasks.length === 0) return
  if (!(await insertDelivery(tx.trx, delivery, { failureReason: null, late }, now))) return
  const due = toList(tasks.filter(({ isOverdue }) => !isOverdue))
  const overdue = toList(tasks.filter(({ isOverdue }) => isOverdue))
  await insertMail(tx, {
    template: 'morning-digest',
    to: reader.email,
    userId: reader.id,
    data: {
      name: reader.name,
      timezone: reader.timezone,
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
    // On another day it would be wrong.
    expiresAt: end,
  })
}

/** One of the two lists, with how many there are and how many of them are not listed. */
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
