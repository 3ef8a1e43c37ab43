import { type Json, newId, type Trx } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { sql } from 'kysely'
import type { Digest } from './digest-times.ts'

export type DueUser = {
  id: string
  timezone: string
  next_digest_at: Date
  isActive: boolean
  /** The preferences that differ from the defaults. */
  settings: Json | null
}

/** Locks users whose `next_digest_at` has come; skips rows that another transaction has locked. */
export async function lockDueUsers(trx: Trx, now: Date, limit: number): Promise<DueUser[]> {
  const { rows } = await sql<DueUser>`
    select id, timezone, next_digest_at, ${activeUserSql} as "isActive",
      (select settings from user_preferences where user_id = users.id) as settings
    from users where next_digest_at <= ${now}
    order by next_digest_at limit ${limit} for no key update skip locked`.execute(trx)
  return rows
}

/** Stores when each user is claimed next; null for users without a digest. */
export async function setNextDigests(trx: Trx, plans: { userId: string; next: Date | null }[]): Promise<void> {
  const userIds = plans.map(({ userId }) => userId)
  // With `any`, a cached plan from a small table still uses the primary key when the table is large.
  await sql`
    update users set next_digest_at = plans.next
    from unnest(${userIds}::uuid[], ${plans.map(({ next }) => next)}::timestamptz[]) as plans (id, next)
    where users.id = any(${userIds}::uuid[]) and users.id = plans.id`.execute(trx)
}

/** Records missed digests in the ledger, unless the ledger has that date already. */
export async function insertMissed(trx: Trx, missed: (Digest & { userId: string })[], now: Date): Promise<void> {
  await sql`
    insert into digest_deliveries (id, user_id, local_date, scheduled_at, status, failure_reason, late, created_at)
    select id, user_id, local_date, scheduled_at, 'failed', 'missed', true, ${now}
    from unnest(
      ${missed.map(() => newId())}::uuid[], ${missed.map(({ userId }) => userId)}::uuid[],
      ${missed.map(({ localDate }) => localDate)}::date[], ${missed.map(({ at }) => at)}::timestamptz[]
    ) as missed (id, user_id, local_date, scheduled_at)
    on conflict (user_id, local_date) do nothing`.execute(trx)
}
