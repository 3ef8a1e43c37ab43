import type { Json } from '@muster/db'
import { mailUnreadMessages } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { channelsFor } from '@muster/policy'
import { sql } from 'kysely'

/** A mail tells about unread messages this long after the oldest of them. */
export const mailAfterMs = 10 * 60_000
/** A job that should have run this long ago may have failed for good. */
const overdueMs = 3_600_000

type Reader = { userId: string; settings: Json | null; oldestUnsettledAt: Date | null }

/** Plans the job that mails a user about unread messages, for those of these users who want such mails and have none planned. */
export async function planMails(
  { trx, enqueue }: Pick<TransactContext, 'trx' | 'enqueue'>,
  readers: readonly Reader[],
  now: Date,
): Promise<void> {
  const wanted = new Map(
    readers.flatMap(({ userId, settings, oldestUnsettledAt }) =>
      oldestUnsettledAt && channelsFor(settings, 'chat').email
        ? [[userId, new Date(Math.max(now.getTime(), oldestUnsettledAt.getTime() + mailAfterMs))]]
        : [],
    ),
  )
  if (wanted.size === 0) return
  const { rows } = await sql<{ userId: string }>`
    insert into unread_mails (user_id, job_at)
    select user_id, job_at from unnest(${[...wanted.keys()]}::uuid[], ${[...wanted.values()]}::timestamptz[])
      as given (user_id, job_at)
    order by user_id
    on conflict (user_id) do update set job_at = excluded.job_at
    where unread_mails.job_at is null or unread_mails.job_at < ${new Date(now.getTime() - overdueMs)}
    returning user_id as "userId"`.execute(trx)
  for (const { userId } of rows) {
    const runAt = wanted.get(userId)
    enqueue(mailUnreadMessages, { userId }, runAt && { runAt })
  }
}
