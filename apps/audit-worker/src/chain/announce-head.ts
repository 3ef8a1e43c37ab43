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
  help: 'Number of the last chained audit event; the labels are its hash and the signature over both.',
  labelNames: ['hash', 'key_id', 'signature'],
  registers: [registry],
})

const brokenGauge = new Gauge({
  name: 'muster_audit_chain_broken',
  help: '1 when the chain no longer holds the head that was announced last: rows were cut off or changed.',
  registers: [registry],
})

/**
 * Signs the end of the chain and sends it where the database's owner can't reach: to the log, the metrics and Redis. Only
 * a chain that still holds the head announced before gets a new one, so that what was cut off can't be covered by what
 * came after.
 */
export async function announceHead({
  db,
  keys,
  log,
  redis,
}: Pick<Deps, 'db' | 'keys' | 'log' | 'redis'>): Promise<void> {
  const known = await redis.attempt(readAnnouncedHeads, [])
  const before = known.findLast((head) => isHeadGenuine(keys, head))
  const isBroken = before !== undefined && !(await holdsHead(db, before))
  brokenGauge.set(isBroken ? 1 : 0)
  if (isBroken) {
    log.error({ head: before }, 'the audit chain no longer holds the head that was announced: verify it')
    return
  }
  const head: SignedHead = signHead(keys, await readHead(db))
  headGauge.reset()
  headGauge.set({ hash: head.hash, key_id: head.keyId, signature: head.signature }, head.seq)
  log.info({ head }, 'audit chain head')
  if (head.seq > 0) await redis.attempt((client) => keepAnnouncedHead(client, head), undefined)
}
