import type { Database, Db, Trx } from '@muster/db'
import { type Selectable, sql } from 'kysely'
import type { EmailQuery } from './admin-emails.schema.ts'

export type EmailRow = Selectable<Database['email_messages']>
export type AttemptRow = Selectable<Database['email_attempts']>
export type SuppressionRow = Selectable<Database['email_suppressions']>

/** Reads mails, the newest first. */
export function listEmails(
  db: Db,
  { status, to, template, since, before, cursor }: EmailQuery,
  limit: number,
): Promise<EmailRow[]> {
  return db
    .selectFrom('email_messages')
    .selectAll()
    .$if(status !== undefined, (query) => query.where('status', '=', status as string))
    .$if(to !== undefined, (query) => query.where('to_address', '=', to as string))
    .$if(template !== undefined, (query) => query.where('template', '=', template as string))
    .$if(since !== undefined, (query) => query.where('created_at', '>=', new Date(since as string)))
    .$if(before !== undefined, (query) => query.where('created_at', '<', new Date(before as string)))
    .$if(cursor !== undefined, (query) => query.where('id', '<', cursor as string))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

/** Reads the mail and locks its row until the transaction ends, so that resends of one mail run one after another. */
export function lockEmail(trx: Trx, id: string): Promise<EmailRow | undefined> {
  return trx.selectFrom('email_messages').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

export function findEmail(trx: Trx, id: string): Promise<EmailRow | undefined> {
  return trx.selectFrom('email_messages').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Tells whether a mail with the same content to the same address is queued or being sent. */
export async function isQueuedAgain(trx: Trx, { to_address, template, data }: EmailRow): Promise<boolean> {
  const row = await trx
    .selectFrom('email_messages')
    .select('id')
    .where('to_address', '=', to_address)
    .where('template', '=', template)
    .where('status', 'in', ['queued', 'sending'])
    .where('data', '=', sql<never>`${JSON.stringify(data)}::jsonb`)
    .executeTakeFirst()
  return row !== undefined
}

/** Reads the suppression of an address; undefined when it is not suppressed. */
export function findSuppression(db: Db | Trx, address: string): Promise<SuppressionRow | undefined> {
  return db.selectFrom('email_suppressions').selectAll().where('address', '=', address).executeTakeFirst()
}

/** Lists the last attempts to send a mail, the first one first. */
export async function listAttempts(db: Db | Trx, emailId: string, limit: number): Promise<AttemptRow[]> {
  const rows = await db
    .selectFrom('email_attempts')
    .selectAll()
    .where('email_id', '=', emailId)
    .orderBy('attempt', 'desc')
    .limit(limit)
    .execute()
  return rows.reverse()
}

/** Lists the mails that repeat a mail, the first one first. */
export async function listResentAs(db: Db | Trx, emailId: string, limit: number): Promise<EmailRow[]> {
  return db
    .selectFrom('email_messages')
    .selectAll()
    .where('resent_from', '=', emailId)
    .orderBy('id')
    .limit(limit)
    .execute()
}
