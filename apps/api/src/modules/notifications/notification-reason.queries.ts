import type { Db } from '@muster/db'
import { sql } from 'kysely'

type Origin = { requestId: string | null; settings: unknown }

/** Reads the request that caused a notification of the user, and the preferences that the user has chosen. */
export async function findOrigin(db: Db, id: string, userId: string): Promise<Origin | undefined> {
  const { rows } = await sql<Origin>`
    select request_id as "requestId", (select settings from user_preferences where user_id = notifications.user_id) as settings
    from notifications where id = ${id} and user_id = ${userId}`.execute(db)
  return rows[0]
}

type Mailed = { id: string; status: string; sentAt: Date | null }

/**
 * Lists the mails of a notification, the oldest first. Mails name their notification, except those about the security of the account, which
 * nothing withholds: these are found by the request and the event, whose name is that of the template.
 */
export async function listMailsOf(
  db: Db,
  notificationId: string,
  alert: { userId: string; requestId: string | null; event: string } | undefined,
): Promise<Mailed[]> {
  const { rows } = await sql<Mailed>`
    select id, status, sent_at as "sentAt" from email_messages where notification_id = ${notificationId}
    union
    select id, status, sent_at from email_messages
    where request_id = ${alert?.requestId ?? null} and user_id = ${alert?.userId ?? null}::uuid and template = ${alert?.event ?? null}
    order by id`.execute(db)
  return rows
}
