import {
  compareHead,
  formatHead,
  readAnnouncedHeads,
  readHead,
  readLastVerification,
  readMonths,
  readPendingAge,
} from '@muster/audit'
import type { Deps } from '../../deps.ts'
import { toLastVerification } from '../../http/last-verification.ts'
import { listDroppedRuns, readChainedAt } from './audit.queries.ts'
import type { ChainOverview, ChainQuery } from './audit.schema.ts'

/** Reads what the log consists of, and compares heads with it, by look-ups alone: it verifies nothing. */
export async function readChain(
  { db, redis, config }: Pick<Deps, 'db' | 'redis' | 'config'>,
  { head: given = [] }: ChainQuery,
): Promise<ChainOverview> {
  const [head, chainedAt, months, dropped, pendingSeconds, verified, announced, compared] = await Promise.all([
    readHead(db),
    readChainedAt(db),
    readMonths(db),
    listDroppedRuns(db),
    readPendingAge(db),
    readLastVerification(db),
    redis.attempt(readAnnouncedHeads, undefined),
    Promise.all(
      given.map(async (one) => ({
        seq: one.seq,
        hash: one.hash,
        result: await compareHead(db, config.keys.audit, one),
      })),
    ),
  ])
  const newest = announced?.at(-1)
  return {
    head: { ...head, at: chainedAt.toISOString() },
    pendingSeconds,
    lastVerification: toLastVerification(verified),
    months,
    dropped: dropped.map(({ from_seq, to_seq, created_at }) => ({
      fromSeq: from_seq,
      toSeq: to_seq,
      droppedAt: created_at.toISOString(),
    })),
    announced: newest ? formatHead(newest) : null,
    compared,
    unknown: announced ? [] : ['announced'],
  }
}
