import type { Db } from '@muster/db'
import { sql } from 'kysely'

export type SealedRow = { id: string; userId: string; keyId: string; sealed: Buffer }

/** Counts the values that each encryption key seals. */
export async function countByKey(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('totp_secrets')
    .select(['key_id', (eb) => eb.fn.countAll<number>().as('count')])
    .groupBy('key_id')
    .orderBy('key_id')
    .execute()
  return new Map(rows.map(({ key_id: keyId, count }) => [keyId, count]))
}

/** Lists the next values, by id, that another key than this one seals. */
export function listSealedByOtherKeys(
  db: Db,
  { keyId, afterId, limit }: { keyId: string; afterId: string; limit: number },
): Promise<SealedRow[]> {
  return db
    .selectFrom('totp_secrets')
    .select(['id', 'user_id as userId', 'key_id as keyId', 'sealed'])
    .where('key_id', '<>', keyId)
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(limit)
    .execute()
}

/**
 * Replaces the seals of unchanged values. A value that was replaced since it was read stays as it is.
 * @returns how many it replaced
 */
export async function replaceSeals(
  db: Db,
  keyId: string,
  rows: readonly { id: string; from: Buffer; to: Buffer }[],
): Promise<number> {
  const { numAffectedRows } = await sql`
    update totp_secrets as kept set key_id = ${keyId}, sealed = fresh.sealed
    from unnest(${rows.map(({ id }) => id)}::uuid[], ${rows.map(({ from }) => from)}::bytea[],
      ${rows.map(({ to }) => to)}::bytea[]) as fresh (id, before, sealed)
    where kept.id = fresh.id and kept.sealed = fresh.before`.execute(db)
  return Number(numAffectedRows)
}
