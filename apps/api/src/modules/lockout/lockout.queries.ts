import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'

export type LockRules = {
  /** The failure after which tries must wait. */
  locksAtFailure: number
  firstWaitSeconds: number
  maxWaitSeconds: number
  /** Failures older than this are forgotten. */
  forgetAfterSeconds: number
}

const forgottenAtOnce = 10

/**
 * Counts one try as a failure, unless the key is locked; the one that reaches the limit, or goes beyond, locks it.
 * @returns which consecutive failure this would be; undefined when the key is locked
 */
export async function takeTry(db: Db, key: string, now: Date, rules: LockRules): Promise<number | undefined> {
  const { locksAtFailure, firstWaitSeconds, maxWaitSeconds, forgetAfterSeconds } = rules
  const isOld = sql<boolean>`kept.updated_at <= ${now}::timestamptz - make_interval(secs => ${forgetAfterSeconds})`
  const failures = sql<number>`case when ${isOld} then 1 else kept.failures + 1 end`
  const { rows } = await sql<{ failures: number }>`
    insert into sign_in_failures as kept (key, failures, updated_at) values (${key}, 1, ${now})
    on conflict (key) do update set
      failures = ${failures},
      locked_until = case when (${failures}) >= ${locksAtFailure}::integer then ${now}::timestamptz + make_interval(
        secs => least(${maxWaitSeconds}::float8, ${firstWaitSeconds}::float8 * power(2, least(kept.failures + 1, 40) - ${locksAtFailure}::integer))
      ) end,
      told_at = case when ${isOld} then null else kept.told_at end,
      updated_at = ${now}
    where kept.locked_until is null or kept.locked_until <= ${now}
    returning failures`.execute(db)
  return rows[0]?.failures
}

export type Lock = {
  lockedUntil: Date
  /** When the try was taken that locked it, unless a wrong one has been told to the owner since. */
  lockedByTryAt: Date | undefined
}

/** Reads the key's lock; undefined when it has none. */
export async function findLock(db: Db, key: string): Promise<Lock | undefined> {
  const row = await db
    .selectFrom('sign_in_failures')
    .select(['locked_until', 'told_at', 'updated_at'])
    .where('key', '=', key)
    .executeTakeFirst()
  if (!row?.locked_until) return undefined
  return { lockedUntil: row.locked_until, lockedByTryAt: row.told_at === null ? row.updated_at : undefined }
}

/** A try whose secret was never looked at counts no more, and neither does the lock that it alone made. */
export async function giveTryBack(db: Db, key: string, failure: number, locksAtFailure: number): Promise<void> {
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

/** Notes that the owner is told of the lock. @returns false when that was done before, or there is no lock */
export async function claimTelling(trx: Trx, key: string, now: Date, locksAtFailure: number): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('sign_in_failures')
    .set({ told_at: now })
    .where('key', '=', key)
    .where('failures', '>=', locksAtFailure)
    .where('told_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Drops some of the streaks that nothing would count on any more, so that as many go as come. */
export async function forgetOld(trx: Trx, now: Date, { forgetAfterSeconds }: LockRules): Promise<void> {
  await sql`
    delete from sign_in_failures where key in (
      select key from sign_in_failures
      where updated_at <= ${now}::timestamptz - make_interval(secs => ${forgetAfterSeconds})
      order by updated_at limit ${forgottenAtOnce} for update skip locked
    )`.execute(trx)
}

export async function forget(db: Db | Trx, keys: readonly string[]): Promise<void> {
  await db.deleteFrom('sign_in_failures').where('key', '=', sql<string>`any(${keys}::text[])`).execute()
}
