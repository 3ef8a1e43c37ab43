import type { Database, Db, Trx } from '@muster/db'
import { type Insertable, type RawBuilder, sql } from 'kysely'

/** Upper bound for the duration of a request's transaction. */
const renewalMarginMs = 2_000

export type ChangedSessions = {
  /** The database's time of this query. */
  at: Date
  /** `version` differs after each change. */
  sessions: { id: string; revoked_at: Date | null; renew_at: Date | null; version: string }[]
}

/**
 * Lists the sessions that were revoked or marked for renewal after `since`, a time of the database's clock, but at least
 * those of the last `seconds`: `since` may be undefined, or in the future because that clock was set back.
 */
export async function listChanged(
  db: Db,
  { since, seconds }: { since: Date | undefined; seconds: number },
): Promise<ChangedSessions> {
  type Row = { at: Date; id: string | null; revoked_at: Date | null; renew_at: Date | null; version: string }
  const { rows } = await sql<Row>`
    select now() as at, id, revoked_at, renew_at, changed_at::text as version
    from (select) as always left join sessions
      on changed_at > least(${since ?? null}::timestamptz, now() - make_interval(secs => ${seconds}))`.execute(db)
  const [{ at }] = rows as [Row]
  return { at, sessions: rows.flatMap(({ id, at: _, ...session }) => (id ? [{ id, ...session }] : [])) }
}

export function insert(trx: Trx, row: Insertable<Database['sessions']>) {
  return trx.insertInto('sessions').values(row).execute()
}

export type SessionRow = NonNullable<Awaited<ReturnType<typeof findWithUser>>>

/** Reads the session with what its access tokens claim about its user; undefined when there is none. */
export const findWithUser = (db: Db | Trx, id: string) => withUser(db).where('sessions.id', '=', id).executeTakeFirst()

/** Reads several sessions as {@link findWithUser} does. */
export const listWithUser = (db: Db, ids: readonly string[]) =>
  withUser(db).where('sessions.id', '=', sql<string>`any(${ids}::uuid[])`).execute()

function withUser(db: Db | Trx) {
  return db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .leftJoin('organizations', 'organizations.id', 'users.organization_id')
    .select([
      'sessions.id',
      'sessions.user_id',
      'sessions.seed',
      'sessions.generation',
      'sessions.rotated_at',
      'sessions.successor_seen',
      'sessions.is_remembered',
      'sessions.created_at',
      'sessions.expires_at',
      'sessions.revoked_at',
      'users.role',
      'users.organization_id',
      'users.is_active',
      'users.two_factor_method as own_factor',
      'organizations.two_factor_method as required_factor',
    ])
}

/**
 * Reads the second factor of the user, and the one that their organization requires. Locks the organization's row against
 * changes until the transaction ends, so that a parallel change of the policy either affects the session that this
 * transaction opens, or is seen by it.
 */
export function lockFactors(trx: Trx, userId: string) {
  return trx
    .selectFrom('users')
    .innerJoin('organizations', 'organizations.id', 'users.organization_id')
    .select(['users.two_factor_method as own_factor', 'organizations.two_factor_method as required_factor'])
    .where('users.id', '=', userId)
    .forShare('organizations')
    .executeTakeFirst()
}

/** Marks the open sessions of the user, or of all members of the organization, for renewal; see `renew-access.ts`. */
export async function forceRenewal(
  trx: Trx,
  whose: { organizationId: string } | { userId: string },
  now: Date,
): Promise<void> {
  const isAffected =
    'userId' in whose
      ? sql<boolean>`user_id = ${whose.userId}`
      : sql<boolean>`user_id in (select id from users where organization_id = ${whose.organizationId})`
  await trx
    .updateTable('sessions')
    .set({ renew_at: new Date(now.getTime() + renewalMarginMs), changed_at: sql`clock_timestamp()` })
    .where('id', '=', lockedInOrder(sql`${isAffected} and revoked_at is null and expires_at > ${now}`))
    .execute()
}

/** Locks these sessions in the order of their ids, so that two transactions that change several cannot deadlock. */
const lockedInOrder = (condition: RawBuilder<unknown>) =>
  sql<string>`any(array(select id from sessions where ${condition} order by id for no key update))`

/** Moves the session to its next generation. @returns false when a parallel request has done so, or the session has ended */
export async function rotate(
  db: Db,
  id: string,
  from: number,
  next: { now: Date; expiresAt: Date; ip: string; userAgent: string | null },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('sessions')
    .set({
      generation: from + 1,
      rotated_at: next.now,
      last_used_at: next.now,
      successor_seen: false,
      expires_at: next.expiresAt,
      ip: next.ip,
      user_agent: next.userAgent,
    })
    .where('id', '=', id)
    .where('generation', '=', from)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Records that the client has used the current token: its predecessor is then accepted only within the grace. */
export function markSuccessorSeen(db: Db, id: string, generation: number) {
  return db
    .updateTable('sessions')
    .set({ successor_seen: true })
    .where('id', '=', id)
    .where('generation', '=', generation)
    .where('successor_seen', '=', false)
    .execute()
}

/** Ends these sessions. @returns the ids of those that were open */
export async function revoke(trx: Trx, ids: readonly string[], reason: string, now: Date): Promise<string[]> {
  const rows = await trx
    .updateTable('sessions')
    .set({ revoked_at: now, revoked_reason: reason, changed_at: sql`clock_timestamp()` })
    .where('id', '=', sql<string>`any(${ids}::uuid[])`)
    .where('revoked_at', 'is', null)
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

/** Ends all sessions of the user, except the one to keep. @returns the ids of those that were open */
export async function revokeAllOf(
  trx: Trx,
  userId: string,
  { exceptId, onlyId, reason, now }: { exceptId?: string; onlyId?: string; reason: string; now: Date },
): Promise<string[]> {
  const isMeant = sql`${exceptId === undefined ? sql`` : sql`and id <> ${exceptId}`}
    ${onlyId === undefined ? sql`` : sql`and id = ${onlyId}`}`
  const rows = await trx
    .updateTable('sessions')
    .set({ revoked_at: now, revoked_reason: reason, changed_at: sql`clock_timestamp()` })
    .where('id', '=', lockedInOrder(sql`user_id = ${userId} and revoked_at is null ${isMeant}`))
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

/** Finds the fields of the user that a security alert needs. */
export function findOwner(trx: Trx, userId: string) {
  return trx.selectFrom('users').select(['email', 'name', 'timezone']).where('id', '=', userId).executeTakeFirst()
}

/** Lists sessions of the user that have ended, the last opened first. */
export function listEnded(db: Db, userId: string, { now, limit }: { now: Date; limit: number }) {
  return db
    .selectFrom('sessions')
    .select(['id', 'user_agent', 'ip', 'created_at', 'last_used_at', 'expires_at', 'revoked_at', 'revoked_reason'])
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('revoked_at', 'is not', null), eb('expires_at', '<=', now)]))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

/** Lists the user's open sessions, the last used first. */
export function listOpen(db: Db | Trx, userId: string, now: Date) {
  return db
    .selectFrom('sessions')
    .select(['id', 'user_agent', 'ip', 'created_at', 'last_used_at', 'expires_at'])
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .orderBy('last_used_at', 'desc')
    .execute()
}
