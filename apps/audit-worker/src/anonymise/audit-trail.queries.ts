import type { Db } from '@muster/db'
import { sql } from 'kysely'

const eventsPerStatement = 1_000

/**
 * Erases what the audit log holds of a person beside the chain: the personal part of all that they did and that was done
 * to them. The chain keeps its salted digests and stays whole.
 */
export async function erasePersonal(db: Db, userId: string, signal: AbortSignal): Promise<void> {
  await erasePending(db, userId)
  for (let after: Position | undefined = { micros: 0, seq: 0 }; after !== undefined; ) {
    signal.throwIfAborted()
    after = await erasePage(db, userId, after)
  }
}

/** In the order of time, by which the chain is searched. */
type Position = { micros: number; seq: number }

/** Comes first, between two batches of the chain: so no event is chained half erased, nor passes from here to there unseen. */
function erasePending(db: Db, userId: string): Promise<void> {
  return db.transaction().execute(async (trx) => {
    await sql`select from audit_chain_head for update`.execute(trx)
    await sql`
      update audit_pending set ip = null, user_agent = null, request_id = null, before = null, after = null
      where actor_id = ${userId}::uuid or (target_type = 'user' and target_id = ${userId}::text)`.execute(trx)
  })
}

/** @returns where the page ended; undefined when it was the last */
async function erasePage(db: Db, userId: string, after: Position): Promise<Position | undefined> {
  const isLater = sql`(created_at, seq) > ('epoch'::timestamptz + ${after.micros}::bigint * interval '1 microsecond', ${after.seq}::bigint)`
  const { rows } = await sql<Position>`
    with page as (
      (select created_at, seq, id from audit_events where actor_id = ${userId}::uuid and ${isLater}
        order by created_at, seq limit ${eventsPerStatement})
      union
      (select created_at, seq, id from audit_events where target_id = ${userId}::text and target_type = 'user' and ${isLater}
        order by created_at, seq limit ${eventsPerStatement})
      order by created_at, seq limit ${eventsPerStatement}
    ), erased as (
      delete from audit_personal using page where event_id = page.id
    )
    select (extract(epoch from created_at) * 1000000)::bigint as micros, seq from page
    order by created_at desc, seq desc limit 1`.execute(db)
  return rows[0]
}
