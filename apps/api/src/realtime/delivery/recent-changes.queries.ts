import type { Db } from '@muster/db'
import { sql } from 'kysely'

/** A chat that changed lately, or a membership of one. */
export type RecentChange = {
  chatId: string
  /** The member who joined, left or changed; null for other changes. */
  userId: string | null
  change: number
  /** Whether its signal must have arrived, if it was not lost. */
  isSettled: boolean
}

/**
 * A number gets its time when the transaction begins, and is visible after the commit: up to `idle_in_transaction_session_timeout`
 * later while a process is frozen, and the time of its statements.
 */
const commitLag = sql.raw(`interval '20 seconds'`)
/** The time that a signal needs at most between healthy processes. */
const signalLag = sql.raw(`interval '300 milliseconds'`)

/**
 * Reads what changed lately in all chats, each kind of row by the index on its time, so that the cost grows with the changes and
 * not with the chats; and the numbers of some chats for certain.
 * @param since the time of the last read, as Postgres gave it; undefined at first
 * @param chatIds chats that are read however long ago they changed
 */
export async function readRecentChanges(
  db: Db,
  since: Date | undefined,
  chatIds: readonly string[],
): Promise<{ at: Date; changes: RecentChange[] }> {
  const from = sql`coalesce(${since ?? null}::timestamptz, now()) - ${commitLag}`
  const isSettled = sql`changed_at < now() - ${signalLag}`
  const { rows } = await sql<{ at: Date } & { [Key in keyof RecentChange]: RecentChange[Key] | null }>`
    select now() as at, recent.* from (values (1)) as one
    left join (
      select chat_id as "chatId", null::uuid as "userId", max(change) as change,
        ${isSettled} as "isSettled"
      from messages where changed_at >= ${from} group by 1, 4
      union all
      select chat_id, user_id, change, ${isSettled} from chat_members where changed_at >= ${from}
      union all
      select id, null, own_change, ${isSettled} from chats where changed_at >= ${from}
      union all
      select id, null, change, false from chats where id = any(${chatIds}::uuid[])
    ) as recent on true`.execute(db)
  const [first] = rows
  if (!first) throw new Error('Postgres gave no time.')
  const changes = rows.flatMap(({ chatId, userId, change, isSettled }) =>
    chatId === null || change === null ? [] : [{ chatId, userId, change, isSettled: isSettled === true }],
  )
  return { at: first.at, changes }
}
