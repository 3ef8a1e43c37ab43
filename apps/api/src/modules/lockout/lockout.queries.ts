import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'

export type LockRules = {
  /** The consecutive failure that locks the key. */
  locksAtFailure: number
  firstWaitSeconds: number
  maxWaitSeconds: number
  /** Failures older than this no longer count. */
  expiresAfterSeconds: number
}

const maxExpiredAtOnce = 10

/**
 * Counts one attempt as a failure, unless the key is locked. The failure that reaches the limit, and each one after it,
 * locks the key.
 * @returns the number of consecutive failures, including this one; undefined when the key is locked
 */
export async function countAttempt(db: Db, key: string, now: Date, rules: LockRules): Promise<number | undefined> {
  const { locksAtFailure, firstWaitSeconds, maxWaitSeconds, expiresAfterSeconds } = rules
  const isExpired = sql<boolean>`kept.updated_at <= ${now}::timestamptz - make_interval(secs => ${expiresAfterSeconds})`
  const failures = sql<number>`case when ${isExpired} then 1 else kept.failures + 1 end`
  const { rows } = await sql<{ failures: number }>`
    insert into sign_in_failures as kept (key, failures, updated_at) values (${key}, 1, ${now})
    on conflict (key) do update set
      failures = ${failures},
      locked_until = case when (${failures}) >= ${locksAtFailure}::integer then ${now}::timestamptz + make_interval(
        secs => least(${maxWaitSeconds}::float8, ${firstWaitSeconds}::float8 * power(2, least(kept.failures + 1, 40) - ${locksAtFailure}::integer))
      ) end,
      told_at = case when ${isExpired} then null else kept.told_at end,
      updated_at = ${now}
    where kept.locked_until is null or kept.locked_until <= ${now}
    returning failures`.execute(db)
  return rows[0]?.failures
}

export type Lock = {
  lockedUntil: Date
  /** When the attempt that locked the key began; undefined once a wrong secret was confirmed and the owner alerted. */
  lockedByAttemptAt: Date | undefined
}

/** Reads the key's lock; undefined when it has none. */
export async function findLock(db: Db, key: string): Promise<Lock | undefined> {
  const row = await db
    .selectFrom('sign_in_failures')
    .select(['locked_until', 'told_at', 'updated_at'])
    .where('key', '=', key)
    .executeTakeFirst()
  if (!row?.locked_until) return undefined
  return { lockedUntil: row.locked_until, lockedByAttemptAt: row.told_at === null ? row.updated_at : undefined }
}

/** Uncounts an attempt whose secret was never checked, and removes the lock that this attempt alone caused. */
export async function uncountAttempt(db: Db, key: string, failure: number, locksAtFailure: number): Promise<void> {
  await db
    .updateTable('sign_in_failures')
    .set({
      failures: sql`failures - 1`,
      locked_until: sql`case when failures - 1 < ${locksAtFailure}::integer or failures = ${failure}::integer then null else locked_until end`,
    })
    .where('key', '=', key)
    .where('failures', '>', 0)
    .execute()
}

/** Claims the alert of the key's lock, which goes out once. @returns false when it was claimed before, or there is no lock */
export async function claimAlert(trx: Trx, key: string, now: Date, locksAtFailure: number): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('sign_in_failures')
    .set({ told_at: now })
    .where('key', '=', key)
    .where('failures', '>=', locksAtFailure)
    .where('told_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Deletes up to 10 expired rows. Called once for each new row, it keeps the table from growing. */
export async function deleteExpired(trx: Trx, now: Date, { expiresAfterSeconds }: LockRules): Promise<void> {
  await sql`
    delete from sign_in_failures where key in (
      select key from sign_in_failures
      where updated_at <= ${now}::timestamptz - make_interval(secs => ${expiresAfterSeconds})
      order by updated_at limit ${maxExpiredAtOnce} for update skip locked
    )`.execute(trx)
}

/** Deletes the failures of these keys, and their locks. */
export async function deleteFailures(db: Db | Trx, keys: readonly string[]): Promise<void> {
  await db.deleteFrom('sign_in_failures').where('key', '=', sql<string>`any(${keys}::text[])`).execute()
}
