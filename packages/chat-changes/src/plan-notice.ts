import { notifyChat } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { type RawBuilder, sql } from 'kysely'

/** Members are told about messages this long after the first of them, in one notification. */
const delayMs = 30_000
/** A job that should have run this long ago may have failed for good. */
const overdueMs = 10 * 60_000

/**
 * Plans the job that tells the members of a locked chat about new or deleted messages, unless one is planned.
 * @returns assignments for the UPDATE of the chat's row by which the caller writes the counters, each beginning with a comma
 */
export function planNotice(
  { enqueue }: Pick<TransactContext, 'enqueue'>,
  { id, notifyJobAt }: { id: string; notifyJobAt: Date | null },
  now: Date,
): RawBuilder<unknown> {
  if (notifyJobAt && notifyJobAt.getTime() > now.getTime() - overdueMs) return sql``
  const runAt = new Date(now.getTime() + delayMs)
  enqueue(notifyChat, { chatId: id }, { runAt })
  return sql`, notify_job_at = ${runAt}`
}

/** Plans the job like {@link planNotice}, and writes that by a statement of its own. */
export async function planNoticeNow(
  tx: Pick<TransactContext, 'trx' | 'enqueue'>,
  chat: { id: string; notifyJobAt: Date | null },
  now: Date,
): Promise<void> {
  await sql`update chats set version = version ${planNotice(tx, chat, now)} where id = ${chat.id}`.execute(tx.trx)
}
