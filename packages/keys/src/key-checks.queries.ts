import type { KeyRingName } from '@muster/config'
import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'

/** What is known of a key of a ring. */
export type KnownKey = {
  ring: KeyRingName
  keyId: string
  /** Null when an operator gave the key up. */
  checkValue: Buffer | null
  becameCurrentAt: Date | null
}

/** Reads what is known of every key of every ring. */
export async function listKnownKeys(db: Db | Trx): Promise<KnownKey[]> {
  const rows = await db
    .selectFrom('key_checks')
    .select(['ring', 'key_id as keyId', 'check_value as checkValue', 'became_current_at as becameCurrentAt'])
    .orderBy('ring')
    .orderBy('key_id')
    .execute()
  return rows as KnownKey[]
}

/** Records the check value of a key that is not known yet, or was given up; one that is known stays as it is. */
export async function recordKey(trx: Trx, key: { ring: string; keyId: string; checkValue: Buffer }): Promise<void> {
  await sql`
    insert into key_checks (ring, key_id, check_value) values (${key.ring}, ${key.keyId}, ${key.checkValue})
    on conflict (ring, key_id) do update set check_value = excluded.check_value, forgotten_at = null
      where key_checks.check_value is null`.execute(trx)
}

/** Notes since when new values are made with this key, unless it was the ring's last to become current. */
export async function markCurrent(trx: Trx, ring: string, keyId: string): Promise<void> {
  await sql`
    update key_checks set became_current_at = now()
    where ring = ${ring} and key_id = ${keyId} and key_id is distinct from (
      select key_id from key_checks where ring = ${ring} and became_current_at is not null
      order by became_current_at desc limit 1
    )`.execute(trx)
}

/** Gives a key up: no process expects it any more, and the next one that has it is believed. */
export async function forgetKey(trx: Trx, ring: string, keyId: string): Promise<void> {
  await sql`
    insert into key_checks (ring, key_id, forgotten_at) values (${ring}, ${keyId}, now())
    on conflict (ring, key_id) do update set check_value = null, forgotten_at = now()`.execute(trx)
}
