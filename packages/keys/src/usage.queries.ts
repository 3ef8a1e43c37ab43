import type { KeyRingName } from '@muster/config'
import type { Db } from '@muster/db'
import { sql } from 'kysely'

/** How many rows of a table need a key. */
export type KeyUsage = { keyId: string; rows: number; table: string }

/** Counts the rows that need each key of a ring, where rows say which key they need; the others need none by name. */
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
  // Of mails with a code or a link that is still good; those not sent yet take the key that they began with.
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

/** Counts the open sessions whose refresh token was made before a moment: it is of an older key. */
export async function countSessionsBefore(db: Db, moment: Date): Promise<number> {
  const { rows } = await sql<{ sessions: number }>`
    select count(*) as sessions from sessions
    where revoked_at is null and expires_at > now() and rotated_at < ${moment}`.execute(db)
  return rows[0]?.sessions ?? 0
}
