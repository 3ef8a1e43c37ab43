import { newId } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import type { NotificationType } from '@muster/policy'
import type { NotificationData } from './notification-data.ts'
import { lockRecipients, writeNotifications } from './notify.queries.ts'

export type Notification = {
  userId: string
  type: NotificationType
  title: string
  message: string
  taskId?: string | null | undefined
  /** The same for programs. */
  data?: NotificationData | undefined
}

/** The outcome of one notification. */
export type NotifyOutcome = {
  /** The id of its row; undefined when the user turned the type off, it repeats a recent one, or the hourly limit is reached. */
  id: string | undefined
  /** Whether to mail it too; false for a repetition and above the hourly limit. */
  isMailWanted: boolean
}

/**
 * Writes notifications according to the preferences of their recipients. A notification that says the same (type, title, message)
 * as the newest of the last 10 minutes about its subject (task, else user, else type) is not written. Above 60 an hour, a recipient gets one row that counts the rest; notifications of type `security` have no
 * limit. All others lock their recipient until the transaction ends, so call this last, after everything else that locks. Signals
 * the recipients' sockets.
 * @returns in the order of `notifications`
 */
export async function notifyAll(
  { trx, signal }: Pick<TransactContext, 'trx' | 'signal'>,
  notifications: readonly Notification[],
  now: Date,
): Promise<NotifyOutcome[]> {
  if (notifications.length === 0) return []
  // Security notifications are not counted, and are written in the middle of transactions for which others wait.
  const counted = notifications.filter(({ type }) => type !== 'security').map(({ userId }) => userId)
  if (counted.length > 0) await lockRecipients(trx, counted)
  const rows = notifications.map((notification) => ({ ...notification, id: newId() }))
  const written = await writeNotifications(trx, rows, now)
  const changed = rows.filter((_row, index) => written[index]?.hasEffect)
  for (const userId of new Set(changed.map((row) => row.userId)))
    signal({ room: `user:${userId}`, event: 'notification' })
  return rows.map(({ id }, index) => {
    const outcome = written[index]
    return {
      id: outcome?.isWritten ? id : undefined,
      isMailWanted: Boolean(outcome?.wantsEmail && (outcome.isWritten || !outcome.wantsInApp)),
    }
  })
}

/**
 * Writes one notification like {@link notifyAll}.
 * @returns the id of its row; undefined when the user turned the type off, it repeats a recent one, or the hourly limit is reached
 */
export async function notify(
  tx: Pick<TransactContext, 'trx' | 'signal'>,
  { now, ...notification }: Notification & { now: Date },
): Promise<string | undefined> {
  const [outcome] = await notifyAll(tx, [notification], now)
  return outcome?.id
}
