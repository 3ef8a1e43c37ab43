import type { Db } from '@muster/db'
import { sql } from 'kysely'
import type { EmailRow } from './admin-emails.queries.ts'

export type TracedEvent = {
  id: string
  /** Null until the event is chained. */
  seq: number | null
  action: string
  actor_id: string | null
  target_type: string
  target_id: string
  created_at: Date
  ip: string | null
  before: unknown
  after: unknown
}

type PersonalPart = 'ip' | 'before' | 'after'

export type TracedNotification = {
  id: string
  user_id: string
  type: string
  event: string | null
  task_id: string | null
  chat_id: string | null
  is_read: boolean
  created_at: Date
}

/** A record, and the request that caused it. */
export type CausedRecord = {
  kind: 'mail' | 'job' | 'notification' | 'audit event' | 'user'
  /** Null when no request caused it, or it is not known any more. */
  requestId: string | null
  /** The queue of a job. */
  queue: string | null
}

/** Finds a record by its id, in each table by its primary key. */
export async function findRecord(db: Db, id: string): Promise<CausedRecord | undefined> {
  const { rows } = await sql<CausedRecord>`
    select 'mail' as kind, request_id as "requestId", null as queue from email_messages where id = ${id}::uuid
    union all select 'job', request_id, queue from outbox where id = ${id}::uuid
    union all select 'notification', request_id, null from notifications where id = ${id}::uuid
    union all select 'audit event', request_id, null from audit_pending where id = ${id}::uuid
    union all select 'audit event', request_id, null from audit_personal where event_id = ${id}::uuid
    union all select 'user', null, null from users where id = ${id}::uuid`.execute(db)
  return rows[0]
}

/** Lists the mails of a request, the oldest first. */
export function listMailsOf(db: Db, requestId: string, limit: number): Promise<EmailRow[]> {
  return db
    .selectFrom('email_messages')
    .selectAll()
    .where('request_id', '=', requestId)
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Lists the notifications of a request without their texts, the oldest first. */
export async function listNotificationsOf(db: Db, requestId: string, limit: number): Promise<TracedNotification[]> {
  const { rows } = await sql<TracedNotification>`
    select id, user_id, type, data ->> 'event' as event, task_id, chat_id, is_read, created_at
    from notifications where request_id = ${requestId} order by id limit ${limit}`.execute(db)
  return rows
}

/** Lists the audit events of a request that are not chained yet. */
export async function listPendingEventsOf(db: Db, requestId: string, limit: number): Promise<TracedEvent[]> {
  const { rows } = await sql<TracedEvent>`
    select id, null::bigint as seq, action, actor_id, target_type, target_id, created_at, ip, before, after
    from audit_pending where request_id = ${requestId} order by id limit ${limit}`.execute(db)
  return rows
}

/** How far the time of an event's id may be from the time at which it was inserted; wider ones are tried only when events are missing. */
const windows = ['10 minutes', '1 day', '100 years']

/**
 * Lists the chained audit events of a request, the oldest first. The id of the request stands in their personal part, which is erased with
 * its user; the index of events is by time, which their ids tell.
 */
export async function listChainedEventsOf(db: Db, requestId: string, limit: number): Promise<TracedEvent[]> {
  const { rows: parts } = await sql<Pick<TracedEvent, 'id' | PersonalPart>>`
    select event_id as id, ip, before, after from audit_personal
    where request_id collate "C" = ${requestId} and substring(request_id, 15, 1) = '7'
    order by event_id limit ${limit}`.execute(db)
  if (parts.length === 0) return []
  const partById = new Map(parts.map((part) => [part.id, part]))
  for (const window of windows) {
    const events = await readEvents(db, [...partById.keys()], window)
    if (events.length === parts.length || window === windows.at(-1))
      return events.map((event) => {
        const { ip = null, before, after } = partById.get(event.id) ?? {}
        return { ...event, ip, before, after }
      })
  }
  return []
}

async function readEvents(db: Db, ids: string[], window: string): Promise<Omit<TracedEvent, PersonalPart>[]> {
  const times = ids.map((id) => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16))
  const [from, to] = [new Date(Math.min(...times)), new Date(Math.max(...times))]
  const { rows } = await sql<Omit<TracedEvent, PersonalPart>>`
    select id, seq, action, actor_id, target_type, target_id, created_at from audit_events
    where created_at between ${from}::timestamptz - ${window}::interval and ${to}::timestamptz + ${window}::interval
      and id = any(${ids}::uuid[])
    order by created_at, seq`.execute(db)
  return rows
}
