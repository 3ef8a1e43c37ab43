import { type Json, newId } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import type { NotificationType } from '@muster/policy'
import { lockPeople, writeNotifications } from './notify.queries.ts'

export type Notification = {
  userId: string
  type: NotificationType
  title: string
  message: string
  taskId?: string | null | undefined
  /** What a client needs beyond the words. */
  data?: Json | undefined
}

/** What became of one notification. */
export type Told = {
  /** Of its row; undefined when the person turned the type off, was told the same just now, or is told too much. */
  id: string | undefined
  /** Whether a mail of the same is wanted too: never of what was told just now, or is too much. */
  isMailWanted: boolean
}

/**
 * Tells people what happened, each as their preferences have it. The same (type, title, message, task) within 10 minutes
 * is told once. Of more than 60 within an hour a person gets one row that counts the rest; what concerns the safety of
 * their account always gets through. Others of one person are written one after another: their transactions wait for each
 * other, so this belongs at the end of a transaction, after all that it locks.
 * @returns in the order of `notifications`
 */
export async function notifyAll(
  { trx }: Pick<TransactContext, 'trx'>,
  notifications: readonly Notification[],
  now: Date,
): Promise<Told[]> {
  if (notifications.length === 0) return []
  // What concerns safety is told in the middle of transactions that others wait for, and nothing of it is counted.
  const counted = notifications.filter(({ type }) => type !== 'security').map(({ userId }) => userId)
  if (counted.length > 0) await lockPeople(trx, counted)
  const rows = notifications.map((notification) => ({ ...notification, id: newId() }))
  const written = await writeNotifications(trx, rows, now)
  return rows.map(({ id }, index) => {
    const fate = written[index]
    return {
      id: fate?.isWritten ? id : undefined,
      isMailWanted: Boolean(fate?.wantsEmail && (fate.isWritten || !fate.wantsInApp)),
    }
  })
}

/**
 * {@link notifyAll} for one.
 * @returns the id of the row; undefined when the person turned the type off, was told the same just now, or is told too
 *   much
 */
export async function notify(
  tx: Pick<TransactContext, 'trx'>,
  { now, ...notification }: Notification & { now: Date },
): Promise<string | undefined> {
  const [told] = await notifyAll(tx, [notification], now)
  return told?.id
}
