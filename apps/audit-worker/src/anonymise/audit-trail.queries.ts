import type { Db } from '@muster/db'
import { sql } from 'kysely'

const eventsPerStatement = 1_000

/**
 * Erases the personal part (address, user agent, before and after) of all audit events by or about a user. The chain contains only
 * salted digests of these parts, so it stays valid.
 */
export async function erasePersonal(db: Db, userId: string, signal: AbortSignal): Promise<void> {
  await erasePending(db, userId)
  for (let after: Position | undefined = { micros: 0, seq: 0 }; after !== undefined; ) {
    signal.throwIfAborted()
    after = await erasePage(db, userId, after)
  }
}

/** A position in the order of the index on `created_at` and `seq`. */
type Position = { micros: number; seq: number }

/** Erases pending events first, with the head locked, so that no event is chained with its personal part meanwhile. */
function erasePending(db: Db, userId: string): Promise<void> {
  return db.transaction().execute(async (trx) => {
    await sql`select from audit_chain_head for update`.execute(trx)
    await sql`
      update audit_pending set ip = null, user_agent = null, request_id = null, before = null, after = null
      where actor_id = ${userId}::uuid or (target_type = 'user' and target_id = ${userId}::text)`.execute(trx)
  })
}

/** Erases one page of chained events. @returns its last position; undefined when there was no event left */
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
