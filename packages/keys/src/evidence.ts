import { sampleKeys } from '@muster/audit'
import type { KeyRingName } from '@muster/config'
import type { Db } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { totpSealContext, unseal } from '@muster/security/seal'
import { sql } from 'kysely'

/** The evidence of existing rows about the keys of a ring. */
export type Evidence = {
  /** Key ids with rows, of which only a sample was read. */
  used: ReadonlySet<string>
  /** Key ids whose key in this ring opens or verifies none of the sampled rows. */
  refuted: ReadonlySet<string>
}

export const noEvidence: Evidence = { used: new Set(), refuted: new Set() }

/** Reads a sample of the rows that a ring made. Rings without verifiable rows in the database have no evidence. */
export function readEvidence(db: Db, name: KeyRingName, ring: KeyRing): Promise<Evidence> {
  if (name === 'AUDIT_KEYS') return readAuditEvidence(db, ring)
  if (name === 'ENCRYPTION_KEYS') return readSealEvidence(db, ring)
  return Promise.resolve(noEvidence)
}

async function readAuditEvidence(db: Db, ring: KeyRing): Promise<Evidence> {
  const samples = [...(await sampleKeys(db, ring))]
  const checkpoints = await db.selectFrom('audit_checkpoints').select('key_id').distinct().execute()
  const used = new Set([...samples.map(([id]) => id), ...checkpoints.map(({ key_id: id }) => id)])
  const refuted = samples.filter(([id, { genuine }]) => ring.keys.has(id) && genuine === 0).map(([id]) => id)
  return { used, refuted: new Set(refuted) }
}

const sealsPerKey = 5

async function readSealEvidence(db: Db, ring: KeyRing): Promise<Evidence> {
  const { rows } = await sql<{ keyId: string; userId: string; sealed: Buffer }>`
    with ids as (select distinct key_id from totp_secrets)
    select secret.key_id as "keyId", user_id as "userId", sealed
    from ids cross join lateral (
      select * from totp_secrets where totp_secrets.key_id = ids.key_id limit ${sealsPerKey}
    ) secret`.execute(db)
  const used = new Set(rows.map(({ keyId }) => keyId))
  const opened = new Set(rows.filter((row) => opens(ring, row)).map(({ keyId }) => keyId))
  return { used, refuted: new Set([...used].filter((id) => ring.keys.has(id) && !opened.has(id))) }
}

function opens(ring: KeyRing, { keyId, userId, sealed }: { keyId: string; userId: string; sealed: Buffer }): boolean {
  try {
    unseal(ring, { keyId, sealed }, totpSealContext(userId))
    return true
  } catch {
    return false
  }
}
