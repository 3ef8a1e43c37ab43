import type { Db } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { sql } from 'kysely'
import { createRowCheck, type StoredRow, selectRows } from './stored-rows.ts'

/** The number of sampled rows with one key id, and how many of them the ring's key with that id made. */
export type KeySample = { rows: number; genuine: number }

/** The limit makes Postgres look up each picked row by index; a join would read the whole chain. */
const events = sql`picked cross join lateral (
  select * from audit_events where seq = picked.seq and created_at = picked.created_at limit 1
) e`

/** Enough that a few manipulated rows do not make a correct key look wrong. */
const atEachEnd = 50

/**
 * Verifies the ends of the chain and the newest row of each month with a ring. Takes the same time for any length of the chain.
 * @returns a sample for each key id in these rows; of an id that the ring lacks, no row is genuine
 */
export async function sampleKeys(db: Db, ring: KeyRing): Promise<Map<string, KeySample>> {
  const { rows } = await sql<StoredRow>`
    with months as (
      select generate_series(date_trunc('month', min(created_at)), max(created_at), interval '1 month') as first_day
      from audit_events
    ), picked as (
      (select seq, created_at from audit_events order by seq desc limit ${atEachEnd})
      union (select seq, created_at from audit_events order by seq limit ${atEachEnd})
      union select newest.* from months cross join lateral (
        select seq, created_at from audit_events
        where created_at >= first_day and created_at < first_day + interval '1 month'
        order by created_at desc, seq desc limit 1
      ) newest
    )
    ${selectRows(events)}`.execute(db)
  const checkRow = createRowCheck(ring)
  const samples = new Map<string, KeySample>()
  for (const row of rows) {
    const sample = samples.get(row.keyId) ?? { rows: 0, genuine: 0 }
    const isGenuine = ring.keys.has(row.keyId) && !checkRow(row).includes('changed')
    samples.set(row.keyId, { rows: sample.rows + 1, genuine: sample.genuine + (isGenuine ? 1 : 0) })
  }
  return samples
}
