import type { Db } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import type { Checkpoint } from './checkpoint.ts'
import { createRowCheck, readPages, type StoredRow } from './stored-rows.ts'
import type { ChainFault } from './walk.ts'

export type MonthReport = {
  rows: number
  /** The highest sequence number; 0 when the partition is empty. */
  lastSeq: number
  /** The checkpoints that would replace the partition. */
  runs: Checkpoint[]
  /** The first fault. */
  fault: ChainFault | undefined
}

/** Reads a whole partition, and checks each row and each link within it. @param signal aborts between two pages */
export async function readMonth(
  db: Db,
  keys: KeyRing,
  partition: string,
  { signal, pageSize = 1_000 }: { signal?: AbortSignal; pageSize?: number } = {},
): Promise<MonthReport> {
  const checkRow = createRowCheck(keys)
  const report: MonthReport = { rows: 0, lastSeq: 0, runs: [], fault: undefined }
  for await (const page of readPages(db, { afterSeq: 0, pageSize, partition })) {
    signal?.throwIfAborted()
    for (const row of page) {
      report.fault ??= faultOf(checkRow(row), row) ?? append(report.runs, row)
      report.rows++
      report.lastSeq = row.seq
    }
    if (report.fault) break
  }
  return report
}

function faultOf([kind]: ReturnType<ReturnType<typeof createRowCheck>>, row: StoredRow): ChainFault | undefined {
  const at = { seq: row.seq, eventId: row.id }
  if (!kind) return undefined
  return kind === 'unknown-key' ? { kind, ...at, keyId: row.keyId } : { kind, ...at }
}

/** Appends the row to the last run, or begins a new run with it. */
function append(runs: Checkpoint[], { seq, id, previousHash, hash }: StoredRow): ChainFault | undefined {
  const run = runs.at(-1)
  if (run && seq <= run.toSeq) return { kind: 'inserted', seq, eventId: id }
  if (run?.toSeq !== seq - 1) {
    runs.push({ fromSeq: seq, toSeq: seq, previousHash, hash })
    return undefined
  }
  if (!previousHash.equals(run.hash)) return { kind: 'unlinked', seq, eventId: id }
  run.toSeq = seq
  run.hash = hash
  return undefined
}
