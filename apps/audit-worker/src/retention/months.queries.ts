import type { SignedCheckpoint } from '@muster/audit'
import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'

/** A partition of `audit_events`. */
export type Month = {
  partition: string
  /** As in `2026-11`. */
  name: string
  /** Months since the year 0. */
  number: number
}

const rowsPerStatement = 2_000
const maxLockWaitMs = 3_000

export const monthNumber = (date: Date) => date.getUTCFullYear() * 12 + date.getUTCMonth()

/** Lists the months of the chain, oldest first. */
export async function listMonths(db: Db): Promise<Month[]> {
  const { rows } = await sql<{ partition: string }>`
    select child.relname as partition from pg_inherits join pg_class child on child.oid = inhrelid
    where inhparent = 'audit_events'::regclass order by child.relname`.execute(db)
  return rows.flatMap(({ partition }) => {
    const [, year, month] = /^audit_events_(\d{4})_(\d{2})$/.exec(partition) ?? []
    return year && month ? [{ partition, name: `${year}-${month}`, number: Number(year) * 12 + Number(month) - 1 }] : []
  })
}

/** Erases the personal parts of a month's events, in statements of limited size. */
export async function erasePersonalOf(db: Db, partition: string, signal: AbortSignal): Promise<void> {
  for (let afterSeq: number | null = 0; afterSeq !== null; ) {
    signal.throwIfAborted()
    afterSeq = await erasePage(db, partition, afterSeq)
  }
}

/** @returns the last position of the page; null when there was no event left */
async function erasePage(db: Db, partition: string, afterSeq: number): Promise<number | null> {
  const { rows } = await sql<{ lastSeq: number | null }>`
    with page as (
      select seq, id from ${sql.table(partition)} where seq > ${afterSeq} order by seq limit ${rowsPerStatement}
    ), erased as (
      delete from audit_personal using page where event_id = page.id
    )
    select max(seq) as "lastSeq" from page`.execute(db)
  return rows[0]?.lastSeq ?? null
}

/** Reads the last position in the month; 0 when it is empty. */
export async function lastSeqOf(trx: Trx, partition: string): Promise<number> {
  const { rows } = await sql<{ seq: number }>`
    select coalesce(max(seq), 0) as seq from ${sql.table(partition)}`.execute(trx)
  return rows[0]?.seq ?? 0
}

export async function insertCheckpoints(trx: Trx, checkpoints: readonly SignedCheckpoint[]): Promise<void> {
  if (checkpoints.length === 0) return
  const rows = checkpoints.map(({ fromSeq, toSeq, previousHash, hash, keyId, signature }) => ({
    from_seq: fromSeq,
    to_seq: toSeq,
    previous_hash: previousHash,
    hash,
    key_id: keyId,
    signature,
  }))
  await trx.insertInto('audit_checkpoints').values(rows).execute()
}

/** Drops a month. @throws SQLSTATE 55P03 after 3 s when a reader has locked the table, because later readers would wait behind this lock request */
export async function dropPartition(trx: Trx, partition: string): Promise<void> {
  await sql`select set_config('lock_timeout', ${String(maxLockWaitMs)}, true)`.execute(trx)
  await sql`drop table ${sql.table(partition)}`.execute(trx)
}
