import type { Db } from '@muster/db'
import { sql } from 'kysely'

const eventsPerStatement = 1_000

/**
 * Erases what the audit log holds of a person beside the chain: the personal part of all that they did and that was done
 * to them. The chain keeps its salted digests and stays whole.
 */
export async function erasePersonal(db: Db, userId: string, signal: AbortSignal): Promise<void> {
  await erasePending(db, userId)
  let afterSeq = 0
  for (let seqs = [afterSeq]; seqs.length > 0; ) {
    signal.throwIfAborted()
    seqs = await erasePage(db, userId, afterSeq)
    afterSeq = seqs.at(-1) ?? afterSeq
  }
}

/** Comes first, between two batches of the chain: so no event is chained half erased, nor passes from here to there unseen. */
function erasePending(db: Db, userId: string): Promise<void> {
  return db.transaction().execute(async (trx) => {
    await sql`select from audit_chain_head for update`.execute(trx)
    await sql`
      update audit_pending set ip = null, user_agent = null, request_id = null, before = null, after = null
      where actor_id = ${userId}::uuid or (target_type = 'user' and target_id = ${userId}::text)`.execute(trx)
  })
}

async function erasePage(db: Db, userId: string, afterSeq: number): Promise<number[]> {
  const { rows } = await sql<{ seq: number }>`
    with page as (
      (select seq, id from audit_events where actor_id = ${userId} and seq > ${afterSeq} order by seq limit ${eventsPerStatement})
      union
      (select seq, id from audit_events where target_type = 'user' and target_id = ${userId} and seq > ${afterSeq}
        order by seq limit ${eventsPerStatement})
      order by seq limit ${eventsPerStatement}
    ), erased as (
      delete from audit_personal using page where event_id = page.id
    )
    select seq from page order by seq`.execute(db)
  return rows.map(({ seq }) => seq)
}
