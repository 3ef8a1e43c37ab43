import {
  holdsHead,
  isHeadGenuine,
  keepAnnouncedHead,
  readAnnouncedHeads,
  type SignedHead,
  signHead,
} from '@muster/audit'
import { Gauge, registry } from '@muster/telemetry'
import type { Deps } from '../deps.ts'
import { readHead } from './append-batch.ts'

const headGauge = new Gauge({
  name: 'muster_audit_chain_head',
  help: 'Sequence of the last announced audit event; the log has its hash and signature.',
  registers: [registry],
})

const brokenGauge = new Gauge({
  name: 'muster_audit_chain_broken',
  help: '1 when the chain does not contain the last announced head: rows were removed or changed.',
  registers: [registry],
})

/**
 * Signs the head of the chain and announces it to the log and to Redis, which the owner of the database cannot change.
 * Announces nothing when the chain does not contain the previously announced head, so that appending new events cannot hide
 * that rows were removed.
 */
export async function announceHead({
  db,
  keys,
  log,
  redis,
}: Pick<Deps, 'db' | 'keys' | 'log' | 'redis'>): Promise<void> {
  const known = await redis.attempt(readAnnouncedHeads, [])
  const previous = known.findLast((head) => isHeadGenuine(keys, head))
  const isBroken = previous !== undefined && !(await holdsHead(db, previous))
  brokenGauge.set(isBroken ? 1 : 0)
  if (isBroken) {
    log.error(
      { component: 'audit-chain', head: previous },
      'audit chain broken, the announced head is missing, verify the chain',
    )
    return
  }
  const head: SignedHead = signHead(keys, await readHead(db))
  headGauge.set(head.seq)
  log.info({ component: 'audit-chain', head }, 'audit chain head')
  if (head.seq > 0) await redis.attempt((client) => keepAnnouncedHead(client, head), undefined)
}
