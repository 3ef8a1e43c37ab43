import type { KeyRing } from '@muster/config'
import type { Db } from '@muster/db'
import { sql } from 'kysely'
import {
  type AuditPersonal,
  type AuditRecord,
  genesisHash,
  personalDigest,
  type RowKey,
  rowHash,
  rowKey,
} from './chain.ts'
import { type ChainHead, isHeadGenuine, type SignedHead } from './signed-head.ts'

/** What is wrong, and where. */
export type ChainFault =
  /** The row, or its hash, is not what was chained. */
  | { kind: 'changed'; seq: number; eventId: string }
  /** The row's personal fields are not what was chained; erasing them as a whole is no fault. */
  | { kind: 'personal-changed'; seq: number; eventId: string }
  /** A second row stands in a place that is taken. */
  | { kind: 'inserted'; seq: number; eventId: string }
  /** The row is genuine but does not follow the one before it. */
  | { kind: 'unlinked'; seq: number; eventId: string }
  /** The row was chained with a key that the ring lacks, so nothing can be said of it. */
  | { kind: 'unknown-key'; seq: number; eventId: string; keyId: string }
  /** Rows `seq` to `toSeq` are gone. */
  | { kind: 'removed'; seq: number; toSeq: number }
  /** The end is gone: a head names row `toSeq`, and there is nothing from `seq` on. */
  | { kind: 'cut-off'; seq: number; toSeq: number }
  /** A head, the database's own or a signed one, names another hash for its row. */
  | { kind: 'head-mismatch'; seq: number }
  /** The signature of a given head is not by a key of the ring. */
  | { kind: 'head-forged'; seq: number }

export type ChainReport = {
  ok: boolean
  checkedRows: number
  /** Rows whose personal part was erased. */
  erasedRows: number
  /** The last row that was read; zero when there is none. */
  last: ChainHead
  /** In order of the chain; the walk ends at `maxFaults`. */
  faults: ChainFault[]
}

type VerifyOptions = {
  /** Heads from the log: without one, an end cut off together with the database's own head can't be noticed. */
  heads?: readonly SignedHead[]
  /** Where the walk starts, e.g. the checkpoint of a dropped partition; the beginning unless told otherwise. */
  after?: ChainHead
  pageSize?: number
  maxFaults?: number
}

type StoredRow = Omit<AuditRecord, 'createdAtMicros'> &
  Omit<AuditPersonal, 'salt'> & {
    createdAtMicros: string
    keyId: string
    personalDigest: Buffer
    previousHash: Buffer
    hash: Buffer
    salt: Buffer | null
  }

/**
 * Walks the whole chain page by page, in short statements, while the audit workers may go on appending, and names every
 * changed, inserted, removed and cut-off row.
 */
export async function verifyChain(db: Db, keys: KeyRing, options: VerifyOptions = {}): Promise<ChainReport> {
  const { heads = [], pageSize = 1_000, maxFaults = 100 } = options
  const after = options.after ?? { seq: 0, hash: genesisHash.toString('hex') }
  const faults: ChainFault[] = heads
    .filter((head) => !isHeadGenuine(keys, head))
    .map(({ seq }) => ({ kind: 'head-forged', seq }))
  // Read before the rows: what is appended meanwhile may go beyond it, but never fall short of it.
  const known = [await readHead(db), ...heads.filter((head) => isHeadGenuine(keys, head))]
  const walk = createWalk(keys, after, known, faults)

  let rows: StoredRow[]
  let cursor: Cursor = { seq: after.seq, createdAtMicros: null }
  do {
    rows = await readPage(db, cursor, pageSize)
    for (const row of rows) walk.step(row)
    const last = rows.at(-1)
    if (last) cursor = { seq: last.seq, createdAtMicros: last.createdAtMicros }
  } while (rows.length === pageSize && faults.length < maxFaults)
  if (faults.length < maxFaults) walk.end()
  return { ok: faults.length === 0, ...walk.totals(), faults: faults.slice(0, maxFaults) }
}

/** Where the last page ended. */
type Cursor = { seq: number; createdAtMicros: string | null }

function createWalk(keys: KeyRing, after: ChainHead, heads: readonly ChainHead[], faults: ChainFault[]) {
  const ring = new Map([...keys.keys.keys()].map((id) => [id, rowKey(keys, id)]))
  let last: { seq: number; hash: Buffer; isGood: boolean } = {
    seq: after.seq,
    hash: Buffer.from(after.hash, 'hex'),
    isGood: true,
  }
  let checkedRows = 0
  let erasedRows = 0

  return {
    step(row: StoredRow) {
      checkedRows++
      if (row.salt === null) erasedRows++
      const at = { seq: row.seq, eventId: row.id }
      if (row.seq <= last.seq) {
        faults.push({ kind: 'inserted', ...at })
        return
      }
      const isNext = row.seq === last.seq + 1
      if (!isNext) faults.push({ kind: 'removed', seq: last.seq + 1, toSeq: row.seq - 1 })
      const own = judgeRow(ring.get(row.keyId), row)
      faults.push(...own.map((kind) => (kind === 'unknown-key' ? { kind, ...at, keyId: row.keyId } : { kind, ...at })))
      const isGood = !own.includes('changed')
      // Behind a changed row or a gap the link can't fit, and that was said already.
      if (isNext && isGood && last.isGood && !row.previousHash.equals(last.hash))
        faults.push({ kind: 'unlinked', ...at })
      const isOtherHead = heads.some(({ seq, hash }) => seq === row.seq && hash !== row.hash.toString('hex'))
      if (isOtherHead) faults.push({ kind: 'head-mismatch', seq: row.seq })
      last = { seq: row.seq, hash: row.hash, isGood }
    },
    end() {
      const endSeq = Math.max(0, ...heads.map(({ seq }) => seq))
      if (endSeq > last.seq) faults.push({ kind: 'cut-off', seq: last.seq + 1, toSeq: endSeq })
    },
    totals: () => ({ checkedRows, erasedRows, last: { seq: last.seq, hash: last.hash.toString('hex') } }),
  }
}

function judgeRow(key: RowKey | undefined, row: StoredRow): ('changed' | 'personal-changed' | 'unknown-key')[] {
  if (!key) return ['unknown-key']
  const record = { ...row, createdAtMicros: Number(row.createdAtMicros) }
  const isChanged = !rowHash(key, row.previousHash, record, row.personalDigest).equals(row.hash)
  const isPersonalChanged =
    row.salt !== null && !personalDigest(key, { ...row, salt: row.salt }).equals(row.personalDigest)
  return [...(isChanged ? (['changed'] as const) : []), ...(isPersonalChanged ? (['personal-changed'] as const) : [])]
}

async function readHead(db: Db): Promise<ChainHead> {
  const head = await db.selectFrom('audit_chain_head').select(['seq', 'hash']).executeTakeFirst()
  return { seq: head?.seq ?? 0, hash: (head?.hash ?? genesisHash).toString('hex') }
}

async function readPage(db: Db, cursor: Cursor, pageSize: number): Promise<StoredRow[]> {
  const { rows } = await sql<StoredRow>`
    select e.seq, e.id, e.action, e.actor_id as "actorId", e.target_type as "targetType", e.target_id as "targetId",
      (extract(epoch from e.created_at) * 1000000)::bigint::text as "createdAtMicros", e.key_id as "keyId",
      e.personal_digest as "personalDigest", e.previous_hash as "previousHash", e.hash,
      p.salt, p.ip, p.user_agent as "userAgent", p.request_id as "requestId",
      p.before::text as "beforeText", p.after::text as "afterText"
    from audit_events e left join audit_personal p on p.event_id = e.id
    where (e.seq, e.created_at) > (${cursor.seq}::bigint,
      coalesce('epoch'::timestamptz + ${cursor.createdAtMicros}::bigint * interval '1 microsecond', 'infinity'))
    order by e.seq, e.created_at
    limit ${pageSize}`.execute(db)
  return rows
}
