import type { KeyRingName } from '@muster/config'
import type { Db } from '@muster/db'
import { sql } from 'kysely'

/** The number of rows of a table that need a key. */
export type KeyUsage = { keyId: string; rows: number; table: string }

/** Queries that count the rows for each key of a ring. Rings whose rows do not name their key have no query. */
export const usageOf: Partial<Record<KeyRingName, (db: Db) => Promise<KeyUsage[]>>> = {
  PASSWORD_KEYS: (db) =>
    count(
      db,
      sql`
      select split_part(password_hash, '$', 1) as "keyId", count(*) as rows, 'users' as "table"
      from users where password_hash is not null group by 1`,
    ),
  ENCRYPTION_KEYS: (db) =>
    count(db, sql`select key_id as "keyId", count(*) as rows, 'totp_secrets' as "table" from totp_secrets group by 1`),
  // Counts mails with a valid code or link, and unsent ones, which keep the key of their first attempt.
  MAIL_CODE_KEYS: (db) =>
    count(
      db,
      sql`
      select code_key_id as "keyId", count(*) as rows, 'email_messages' as "table" from email_messages
      where code_key_id is not null and (expires_at > now() or status in ('queued', 'sending')) group by 1`,
    ),
  AUDIT_KEYS: (db) =>
    count(
      db,
      sql`
      select key_id as "keyId", count(*) as rows, 'audit_events' as "table" from audit_events group by 1
      union all
      select key_id, count(*), 'audit_checkpoints' from audit_checkpoints group by 1`,
    ),
}

async function count(db: Db, query: ReturnType<typeof sql>): Promise<KeyUsage[]> {
  const { rows } = await query.execute(db)
  return rows as KeyUsage[]
}

/** Counts the open sessions whose refresh token was issued before an instant, so with an older key. */
export async function countSessionsBefore(db: Db, moment: Date): Promise<number> {
  const { rows } = await sql<{ sessions: number }>`
    select count(*) as sessions from sessions
    where revoked_at is null and expires_at > now() and rotated_at < ${moment}`.execute(db)
  return rows[0]?.sessions ?? 0
}
