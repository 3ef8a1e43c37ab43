import type { Database, Db, Trx } from '@muster/db'
import { type Selectable, sql } from 'kysely'
import type { EmailQuery } from './admin-emails.schema.ts'

export type EmailRow = Selectable<Database['email_messages']>

/** The newest first. */
export function listEmails(db: Db, { status, to, cursor }: EmailQuery, limit: number): Promise<EmailRow[]> {
  return db
    .selectFrom('email_messages')
    .selectAll()
    .$if(status !== undefined, (query) => query.where('status', '=', status as string))
    .$if(to !== undefined, (query) => query.where('to_address', '=', to as string))
    .$if(cursor !== undefined, (query) => query.where('id', '<', cursor as string))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

/** Locks the row until the transaction ends: who wants to send the same mail again at the same time waits. */
export function lockEmail(trx: Trx, id: string): Promise<EmailRow | undefined> {
  return trx.selectFrom('email_messages').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

export function findEmail(trx: Trx, id: string): Promise<EmailRow | undefined> {
  return trx.selectFrom('email_messages').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Whether a mail that says the same to the same address waits to be sent. */
export async function isOnItsWay(trx: Trx, { to_address, template, data }: EmailRow): Promise<boolean> {
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

/** Why nothing may go to the address; undefined when something may. */
export async function findSuppression(trx: Trx, address: string): Promise<string | undefined> {
  const row = await trx
    .selectFrom('email_suppressions')
    .select('reason')
    .where('address', '=', address)
    .executeTakeFirst()
  return row?.reason
}
