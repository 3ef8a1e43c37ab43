import { signHead } from '@muster/audit'
import { Gauge, registry } from '@muster/telemetry'
import { readHead } from './append.ts'
import type { Deps } from './deps.ts'

const headGauge = new Gauge({
  name: 'muster_audit_chain_head',
  help: 'Number of the last chained audit event; the labels are its hash and the signature over both.',
  labelNames: ['hash', 'key_id', 'signature'],
  registers: [registry],
})

/** Signs the end of the chain and sends it where the database's owner can't reach: to the log and the metrics. */
export async function announceHead({ db, keys, log }: Pick<Deps, 'db' | 'keys' | 'log'>): Promise<void> {
  const head = signHead(keys, await readHead(db))
  headGauge.reset()
  headGauge.set({ hash: head.hash, key_id: head.keyId, signature: head.signature }, head.seq)
  log.info({ head }, 'audit chain head')
}
