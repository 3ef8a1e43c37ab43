import { type Json, newId, type Trx } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { sql } from 'kysely'
import type { Digest } from './digest-times.ts'

export type PersonToLookAt = {
  id: string
  timezone: string
  next_digest_at: Date
  /** Neither deactivated nor about to be deleted. */
  isActive: boolean
  /** What they changed of the usual preferences. */
  settings: Json | null
}

/** Locks the people whose time has come, but for those whom somebody else holds: they wait for the next look. */
export async function lockPeopleToLookAt(trx: Trx, now: Date, limit: number): Promise<PersonToLookAt[]> {
  const { rows } = await sql<PersonToLookAt>`
    select id, timezone, next_digest_at, ${activeUserSql} as "isActive",
      (select settings from user_preferences where user_id = users.id) as settings
    from users where next_digest_at <= ${now}
    order by next_digest_at limit ${limit} for no key update skip locked`.execute(trx)
  return rows
}

export async function setNextDigests(trx: Trx, looks: { userId: string; next: Date | null }[]): Promise<void> {
  const userIds = looks.map(({ userId }) => userId)
  // `any` keeps a plan that was made while the table was small from reading all of it later.
  await sql`
    update users set next_digest_at = looks.next
    from unnest(${userIds}::uuid[], ${looks.map(({ next }) => next)}::timestamptz[]) as looks (id, next)
    where users.id = any(${userIds}::uuid[]) and users.id = looks.id`.execute(trx)
}

/** Writes down what nobody will get any more. */
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
