import type { Database, Db, Trx } from '@muster/db'
import { type Insertable, sql } from 'kysely'

/** Sessions revoked or marked for renewal in the last seconds, by the database's own clock. */
export function listChanged(db: Db, withinSeconds: number) {
  return db
    .selectFrom('sessions')
    .select(['id', 'revoked_at', 'renew_at'])
    .where('changed_at', '>', sql<Date>`now() - make_interval(secs => ${withinSeconds})`)
    .execute()
}

export function insert(trx: Trx, row: Insertable<Database['sessions']>) {
  return trx.insertInto('sessions').values(row).execute()
}

/** The session with what its tokens say about its person; undefined when there is none. */
export function findWithUser(db: Db, id: string) {
  return db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
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
    ])
    .where('sessions.id', '=', id)
    .executeTakeFirst()
}

/** Moves to the next generation if nobody else did. @returns whether this call was the one */
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

/** Notes that the holder has the current token: from now on only its predecessor's short grace is left. */
export function markSuccessorSeen(db: Db, id: string, generation: number) {
  return db
    .updateTable('sessions')
    .set({ successor_seen: true })
    .where('id', '=', id)
    .where('generation', '=', generation)
    .where('successor_seen', '=', false)
    .execute()
}

/** @returns the ids of those that were open until now */
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

/** Ends the person's sessions, but for the one to keep. @returns the ids of those that were open until now */
export async function revokeAllOf(
  trx: Trx,
  userId: string,
  { exceptId, reason, now }: { exceptId: string | undefined; reason: string; now: Date },
): Promise<string[]> {
  const rows = await trx
    .updateTable('sessions')
    .set({ revoked_at: now, revoked_reason: reason, changed_at: sql`clock_timestamp()` })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .$if(exceptId !== undefined, (query) => query.where('id', '<>', exceptId as string))
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

/** Whom to write to about a session. */
export function findOwner(trx: Trx, userId: string) {
  return trx.selectFrom('users').select(['email', 'name', 'timezone']).where('id', '=', userId).executeTakeFirst()
}

/** Open sessions of a person, the last used first. */
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
