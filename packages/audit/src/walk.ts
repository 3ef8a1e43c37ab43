import type { KeyRing } from '@muster/security/key-ring'
import { isCheckpointGenuine, type SignedCheckpoint } from './checkpoint.ts'
import type { ChainHead } from './signed-head.ts'
import { createJudge, peopleOf, type StoredRow } from './stored-rows.ts'

/** What is wrong, and where. */
export type ChainFault =
  /** The row, or its hash, is not what was chained. */
  | { kind: 'changed'; seq: number; eventId: string }
  /** The row's personal fields are not what was chained. */
  | { kind: 'personal-changed'; seq: number; eventId: string }
  /** The row's personal fields are gone, and it concerns nobody of whom an event says that theirs were erased. */
  | { kind: 'personal-removed'; seq: number; eventId: string }
  /** A second row stands in a place that is taken. */
  | { kind: 'inserted'; seq: number; eventId: string }
  /** The row, or the run of dropped rows that begins here, is genuine but does not follow the one before it. */
  | { kind: 'unlinked'; seq: number; eventId?: string }
  /** The row was chained with a key that the ring lacks, so nothing can be said of it. */
  | { kind: 'unknown-key'; seq: number; eventId: string; keyId: string }
  /** Rows `seq` to `toSeq` are gone. */
  | { kind: 'removed'; seq: number; toSeq: number }
  /** A checkpoint says that `seq` to `toSeq` were dropped by retention, and no key of the ring signed it. */
  | { kind: 'checkpoint-forged'; seq: number; toSeq: number }
  /** The end is gone: a head names row `toSeq`, and there is nothing from `seq` on. */
  | { kind: 'cut-off'; seq: number; toSeq: number }
  /** A head, the database's own or a signed one, names another hash for its row. */
  | { kind: 'head-mismatch'; seq: number }
  /** The signature of a given head is not by a key of the ring. */
  | { kind: 'head-forged'; seq: number }

type WalkOptions = {
  keys: KeyRing
  /** Where the walk begins. */
  after: ChainHead
  /** Genuine heads, to compare with the rows that they name. */
  heads: readonly ChainHead[]
  /** Gets what is found, in order. */
  faults: ChainFault[]
  /** Checkpoints between two places, asked for at each gap: a month may be dropped while the walk goes on. */
  readCheckpoints: (afterSeq: number, beforeSeq: number) => Promise<SignedCheckpoint[]>
}

export type Walk = {
  /**
   * The next row, in order of place and time.
   * @param erasedPeople of whom an event of the log says that their personal fields were erased
   */
  step(row: StoredRow, erasedPeople: ReadonlySet<string>): Promise<void>
  /** There is no further row. */
  end(): Promise<void>
  totals(): { checkedRows: number; erasedRows: number; droppedRows: number; last: ChainHead }
}

/** Follows the chain from row to row, over what retention dropped, and says what does not fit. */
export function createWalk({ keys, after, heads, faults, readCheckpoints }: WalkOptions): Walk {
  const judge = createJudge(keys)
  const hashesBySeq = Map.groupBy(heads, ({ seq }) => seq)
  let last: { seq: number; hash: Buffer; isGood: boolean } = {
    seq: after.seq,
    hash: Buffer.from(after.hash, 'hex'),
    isGood: true,
  }
  const counts = { checkedRows: 0, erasedRows: 0, droppedRows: 0 }

  const compareWithHeads = (seq: number, hash: Buffer) => {
    const isOther = hashesBySeq.get(seq)?.some((head) => head.hash !== hash.toString('hex'))
    if (isOther) faults.push({ kind: 'head-mismatch', seq })
  }

  /** Passes over what retention dropped before this place. */
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
      counts.droppedRows += toSeq - fromSeq + 1
      last = { seq: toSeq, hash, isGood: true }
    }
  }

  return {
    async step(row, erasedPeople) {
      counts.checkedRows++
      const at = { seq: row.seq, eventId: row.id }
      if (row.seq <= last.seq) {
        faults.push({ kind: 'inserted', ...at })
        return
      }
      if (row.salt === null) {
        counts.erasedRows++
        if (!peopleOf(row).some((id) => erasedPeople.has(id))) faults.push({ kind: 'personal-removed', ...at })
      }
      if (row.seq > last.seq + 1) await bridge(row.seq)
      const isNext = row.seq === last.seq + 1
      if (!isNext) faults.push({ kind: 'removed', seq: last.seq + 1, toSeq: row.seq - 1 })
      const own = judge(row)
      faults.push(...own.map((kind) => (kind === 'unknown-key' ? { kind, ...at, keyId: row.keyId } : { kind, ...at })))
      const isGood = !own.includes('changed')
      // Behind a changed row or a gap the link can't fit, and that was said already.
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
    totals: () => ({ ...counts, last: { seq: last.seq, hash: last.hash.toString('hex') } }),
  }
}
