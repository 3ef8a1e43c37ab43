import type { KeyRingName } from '@muster/config'
import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'

/** The database's record of a key. */
export type KnownKey = {
  ring: KeyRingName
  keyId: string
  /** Null when an operator gave the key up. */
  checkValue: Buffer | null
  becameCurrentAt: Date | null
}

/** Reads the records of all keys. */
export async function listKnownKeys(db: Db | Trx): Promise<KnownKey[]> {
  const rows = await db
    .selectFrom('key_checks')
    .select(['ring', 'key_id as keyId', 'check_value as checkValue', 'became_current_at as becameCurrentAt'])
    .orderBy('ring')
    .orderBy('key_id')
    .execute()
  return rows as KnownKey[]
}

/** Records the check value of a new key or of one that was given up. A known key stays unchanged. */
export async function recordKey(trx: Trx, key: { ring: string; keyId: string; checkValue: Buffer }): Promise<void> {
  await sql`
    insert into key_checks (ring, key_id, check_value) values (${key.ring}, ${key.keyId}, ${key.checkValue})
    on conflict (ring, key_id) do update set check_value = excluded.check_value, forgotten_at = null
      where key_checks.check_value is null`.execute(trx)
}

/** Records that a key became current, unless it already was the ring's current key. */
export async function markCurrent(trx: Trx, ring: string, keyId: string): Promise<void> {
  await sql`
    update key_checks set became_current_at = now()
    where ring = ${ring} and key_id = ${keyId} and key_id is distinct from (
      select key_id from key_checks where ring = ${ring} and became_current_at is not null
      order by became_current_at desc limit 1
    )`.execute(trx)
}

/** Forgets a lost key: no process requires it, and the next key under its id is accepted. */
export async function forgetKey(trx: Trx, ring: string, keyId: string): Promise<void> {
  await sql`
    insert into key_checks (ring, key_id, forgotten_at) values (${ring}, ${keyId}, now())
    on conflict (ring, key_id) do update set check_value = null, forgotten_at = now()`.execute(trx)
}
