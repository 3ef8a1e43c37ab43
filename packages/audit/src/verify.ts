import type { Db } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { genesisHash } from './chain.ts'
import { type ChainHead, isHeadGenuine, type SignedHead } from './signed-head.ts'
import { isPlace, readCheckpoints, readErasedPeople, readHead, readPages } from './stored-rows.ts'
import { type ChainFault, createWalk } from './walk.ts'

export type ChainReport = {
  /** Nothing was found wrong, as far as the walk came. */
  ok: boolean
  /** The walk came to the end of the chain; else it can go on behind `last`. */
  isComplete: boolean
  checkedRows: number
  /** Rows whose personal part was erased. */
  erasedRows: number
  /** Rows that retention dropped, and whose checkpoints fit. */
  droppedRows: number
  /** Where the walk ended; place zero is before the first row. */
  last: ChainHead
  /** In order of the chain; the walk ends with the page that brings them to `maxFaults`. */
  faults: ChainFault[]
}

/** `after` names a place and hash that the chain does not have: nothing could be said of what is behind it. */
export class UnknownChainPlaceError extends Error {
  constructor({ seq }: ChainHead) {
    super(`The audit chain has no row ${seq} with this hash, and no dropped run that ends with it.`)
    this.name = 'UnknownChainPlaceError'
  }
}

type VerifyOptions = {
  /** Heads from log or Redis: without one, an end cut off together with the database's own head can't be noticed. */
  heads?: readonly SignedHead[]
  /** Where the walk starts, e.g. where an earlier one ended; the beginning unless told otherwise. */
  after?: ChainHead
  pageSize?: number
  maxFaults?: number
  /** Asked after each page; true ends the walk early. */
  isEnough?: () => boolean
}

/**
 * Walks the chain page by page, in short statements, while the audit workers may go on appending, and names every changed,
 * inserted, removed and cut-off row. What retention dropped is passed over by its signed checkpoints.
 * @throws UnknownChainPlaceError when `after` is no place of the chain
 */
export async function verifyChain(db: Db, keys: KeyRing, options: VerifyOptions = {}): Promise<ChainReport> {
  const { heads = [], pageSize = 1_000, maxFaults = 100, isEnough = () => false } = options
  const after = options.after ?? { seq: 0, hash: genesisHash.toString('hex') }
  if (!(await isPlace(db, after))) throw new UnknownChainPlaceError(after)
  const faults: ChainFault[] = heads
    .filter((head) => !isHeadGenuine(keys, head))
    .map(({ seq }) => ({ kind: 'head-forged', seq }))
  // Read before the rows: what is appended meanwhile may go beyond it, but never fall short of it.
  const known = [await readHead(db), ...heads.filter((head) => isHeadGenuine(keys, head))]
  const walk = createWalk({
    keys,
    after,
    heads: known,
    faults,
    readCheckpoints: (afterSeq, beforeSeq) => readCheckpoints(db, afterSeq, beforeSeq),
  })

  let isComplete = true
  // From the beginning also what stands before the first place, where nothing may be.
  const afterSeq = options.after?.seq ?? Number.MIN_SAFE_INTEGER
  for await (const rows of readPages(db, { afterSeq, pageSize })) {
    const erasedPeople = await readErasedPeople(db, rows)
    for (const row of rows) await walk.step(row, erasedPeople)
    isComplete = faults.length < maxFaults && (rows.length < pageSize || !isEnough())
    if (!isComplete) break
  }
  if (isComplete) await walk.end()
  return { ok: faults.length === 0, isComplete, ...walk.totals(), faults }
}
