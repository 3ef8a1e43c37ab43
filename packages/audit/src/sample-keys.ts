import type { Db } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { sql } from 'kysely'
import { createJudge, type StoredRow, selectRows } from './stored-rows.ts'

/** Of the sampled rows under one key id: how many there are, and how many the ring's key of that id made. */
export type KeySample = { rows: number; genuine: number }

/** The limit keeps it a look-up by each picked row; a join would read the whole chain. */
const events = sql`picked cross join lateral (
  select * from audit_events where seq = picked.seq and created_at = picked.created_at limit 1
) e`

/** Enough that a few rows that somebody changed do not make a right key look wrong. */
const atEachEnd = 50

/**
 * Compares a ring with the ends of the chain and the newest row of each month: quick however long the chain is.
 * @returns a sample by each key id that was found; an id that the ring lacks has none genuine
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
  const judge = createJudge(ring)
  const samples = new Map<string, KeySample>()
  for (const row of rows) {
    const sample = samples.get(row.keyId) ?? { rows: 0, genuine: 0 }
    const isGenuine = ring.keys.has(row.keyId) && !judge(row).includes('changed')
    samples.set(row.keyId, { rows: sample.rows + 1, genuine: sample.genuine + (isGenuine ? 1 : 0) })
  }
  return samples
}
