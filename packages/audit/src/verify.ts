import type { Db } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { genesisHash } from './chain.ts'
import type { ChainRun } from './chain-runs.ts'
import { type ChainHead, isHeadGenuine, type SignedHead } from './signed-head.ts'
import { isPlace, readCheckpoints, readErasedUsers, readHead, readPages } from './stored-rows.ts'
import { type ChainFault, createWalk } from './walk.ts'

export type ChainReport = {
  /** Whether the verified part has no fault. */
  ok: boolean
  /** Whether the end of the chain was reached; else verification can continue after `last`. */
  isComplete: boolean
  checkedRows: number
  /** The number of rows whose personal part was erased. */
  erasedRows: number
  /** Where these rows are, in at most 500 runs. */
  erasedRuns: ChainRun[]
  /** The number of rows that retention dropped and a checkpoint proves. */
  droppedRows: number
  /** Where these rows were: a run for each checkpoint. */
  droppedRuns: ChainRun[]
  /** The position reached; sequence number 0 is before the first row. */
  last: ChainHead
  /** The faults in the order of the chain. Verification ends after the page with fault number `maxFaults`. */
  faults: ChainFault[]
}

/** `after` is not a position of the chain, so the rows after it cannot be verified. */
export class UnknownChainPlaceError extends Error {
  constructor({ seq }: ChainHead) {
    super(`The audit chain has no row ${seq} with this hash, and no dropped run that ends with it.`)
    this.name = 'UnknownChainPlaceError'
  }
}

type VerifyOptions = {
  /** Heads from log or Redis. Without one, an end that was cut off together with the database's own head goes unnoticed. */
  heads?: readonly SignedHead[]
  /** The position to start after, e.g. that of an earlier report; defaults to the beginning. */
  after?: ChainHead
  pageSize?: number
  maxFaults?: number
  /** Called after each page; true ends the verification early. */
  isEnough?: () => boolean
}

/**
 * Verifies the chain page by page, in short statements, while audit workers may append. Reports every changed, inserted, removed and
 * cut-off row. Signed checkpoints replace the rows that retention dropped.
 * @throws UnknownChainPlaceError when `after` is not a position of the chain
 */
export async function verifyChain(db: Db, keys: KeyRing, options: VerifyOptions = {}): Promise<ChainReport> {
  const { heads = [], pageSize = 1_000, maxFaults = 100, isEnough = () => false } = options
  const after = options.after ?? { seq: 0, hash: genesisHash.toString('hex') }
  if (!(await isPlace(db, after))) throw new UnknownChainPlaceError(after)
  const faults: ChainFault[] = heads
    .filter((head) => !isHeadGenuine(keys, head))
    .map(({ seq }) => ({ kind: 'head-forged', seq }))
  // Read before the rows: rows appended meanwhile extend the chain, they never shorten it.
  const known = [await readHead(db), ...heads.filter((head) => isHeadGenuine(keys, head))]
  const walk = createWalk({
    keys,
    after,
    heads: known,
    faults,
    readCheckpoints: (afterSeq, beforeSeq) => readCheckpoints(db, afterSeq, beforeSeq),
  })

  let isComplete = true
  // A verification from the beginning also reads rows before number 1, where no row may be.
  const afterSeq = options.after?.seq ?? Number.MIN_SAFE_INTEGER
  for await (const rows of readPages(db, { afterSeq, pageSize })) {
    const erasedUsers = await readErasedUsers(db, rows)
    for (const row of rows) await walk.step(row, erasedUsers)
    isComplete = faults.length < maxFaults && (rows.length < pageSize || !isEnough())
    if (!isComplete) break
  }
  if (isComplete) await walk.end()
  return { ok: faults.length === 0, isComplete, ...walk.totals(), faults }
}
