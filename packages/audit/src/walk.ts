import type { KeyRing } from '@muster/security/key-ring'
import { type ChainRun, createRuns } from './chain-runs.ts'
import { isCheckpointGenuine, type SignedCheckpoint } from './checkpoint.ts'
import type { ChainHead } from './signed-head.ts'
import { createRowCheck, type StoredRow, usersOf } from './stored-rows.ts'

/** A fault of the chain and its position. */
export type ChainFault =
  /** The row or its hash was changed. */
  | { kind: 'changed'; seq: number; eventId: string }
  /** The row's personal fields were changed. */
  | { kind: 'personal-changed'; seq: number; eventId: string }
  /** The row's personal fields are missing, and no event records an erasure of its actor or target. */
  | { kind: 'personal-removed'; seq: number; eventId: string }
  /** A second row has the same sequence number. */
  | { kind: 'inserted'; seq: number; eventId: string }
  /** The row, or the run of dropped rows that begins here, is genuine but does not link to the row before it. */
  | { kind: 'unlinked'; seq: number; eventId?: string }
  /** The ring lacks the key of the row, so the row cannot be verified. */
  | { kind: 'unknown-key'; seq: number; eventId: string; keyId: string }
  /** Rows `seq` to `toSeq` are missing. */
  | { kind: 'removed'; seq: number; toSeq: number }
  /** The checkpoint for the dropped rows `seq` to `toSeq` is not signed by a key of the ring. */
  | { kind: 'checkpoint-forged'; seq: number; toSeq: number }
  /** The end is missing: a head names row `toSeq`, but there is no row from `seq` on. */
  | { kind: 'cut-off'; seq: number; toSeq: number }
  /** A head, the database's own or a signed one, has another hash than its row. */
  | { kind: 'head-mismatch'; seq: number }
  /** A given head is not signed by a key of the ring. */
  | { kind: 'head-forged'; seq: number }

type WalkOptions = {
  keys: KeyRing
  /** The position to start after. */
  after: ChainHead
  /** Genuine heads, to compare with the rows that they name. */
  heads: readonly ChainHead[]
  /** Receives the faults in order. */
  faults: ChainFault[]
  /** Reads the checkpoints between two positions. Called at each gap, because a month may be dropped during the walk. */
  readCheckpoints: (afterSeq: number, beforeSeq: number) => Promise<SignedCheckpoint[]>
}

export type Walk = {
  /**
   * Verifies the next row, in order of sequence and time.
   * @param erasedUsers users whose erasure an event of the log records
   */
  step(row: StoredRow, erasedUsers: ReadonlySet<string>): Promise<void>
  /** Verifies the end, after the last row. */
  end(): Promise<void>
  totals(): {
    checkedRows: number
    erasedRows: number
    erasedRuns: ChainRun[]
    droppedRows: number
    droppedRuns: ChainRun[]
    last: ChainHead
  }
}

/** Creates a verification that follows the chain row by row and reports faults. Checkpoints replace dropped rows. */
export function createWalk({ keys, after, heads, faults, readCheckpoints }: WalkOptions): Walk {
  const checkRow = createRowCheck(keys)
  const hashesBySeq = Map.groupBy(heads, ({ seq }) => seq)
  let last: { seq: number; hash: Buffer; isGood: boolean } = {
    seq: after.seq,
    hash: Buffer.from(after.hash, 'hex'),
    isGood: true,
  }
  const counts = { checkedRows: 0, erasedRows: 0, droppedRows: 0 }
  const erased = createRuns()
  const droppedRuns: ChainRun[] = []

  const compareWithHeads = (seq: number, hash: Buffer) => {
    const isOther = hashesBySeq.get(seq)?.some((head) => head.hash !== hash.toString('hex'))
    if (isOther) faults.push({ kind: 'head-mismatch', seq })
  }

  /** Verifies the checkpoints of rows that retention dropped before this position. */
  const bridge = async (beforeSeq: number) => {
    for (const checkpoint of await readCheckpoints(last.seq, beforeSeq)) {
      const { fromSeq, toSeq, previousHash, hash } = checkpoint
      if (!isCheckpointGenuine(keys, checkpoint)) {
        faults.push({ kind: 'checkpoint-forged', seq: fromSeq, toSeq })
        continue
      }
      if (fromSeq > last.seq + 1) faults.push({ kind: 'removed', seq: last.seq + 1, toSeq: fromSeq - 1 })
      else if (last.isGood && !previousHash.equals(last.hash)) faults.push({ kind: 'unlinked', seq: fromSeq })
      compareWithHeads(toSeq, hash)
      const events = toSeq - fromSeq + 1
      counts.droppedRows += events
      droppedRuns.push({ fromSeq, toSeq, events })
      last = { seq: toSeq, hash, isGood: true }
    }
  }

  return {
    async step(row, erasedUsers) {
      counts.checkedRows++
      const at = { seq: row.seq, eventId: row.id }
      if (row.seq <= last.seq) {
        faults.push({ kind: 'inserted', ...at })
        return
      }
      if (row.salt === null) {
        counts.erasedRows++
        erased.add(row.seq)
        if (!usersOf(row).some((id) => erasedUsers.has(id))) faults.push({ kind: 'personal-removed', ...at })
      }
      if (row.seq > last.seq + 1) await bridge(row.seq)
      const isNext = row.seq === last.seq + 1
      if (!isNext) faults.push({ kind: 'removed', seq: last.seq + 1, toSeq: row.seq - 1 })
      const rowFaults = checkRow(row)
      faults.push(
        ...rowFaults.map((kind) => (kind === 'unknown-key' ? { kind, ...at, keyId: row.keyId } : { kind, ...at })),
      )
      const isGood = !rowFaults.includes('changed')
      // After a changed row or a gap the link cannot match, and that fault is reported already.
      if (isNext && isGood && last.isGood && !row.previousHash.equals(last.hash))
        faults.push({ kind: 'unlinked', ...at })
      compareWithHeads(row.seq, row.hash)
      last = { seq: row.seq, hash: row.hash, isGood }
    },
    async end() {
      await bridge(Number.MAX_SAFE_INTEGER)
      const endSeq = Math.max(0, ...heads.map(({ seq }) => seq))
      if (endSeq > last.seq) faults.push({ kind: 'cut-off', seq: last.seq + 1, toSeq: endSeq })
    },
    totals: () => ({
      ...counts,
      erasedRuns: erased.list(),
      droppedRuns,
      last: { seq: last.seq, hash: last.hash.toString('hex') },
    }),
  }
}
