import type { Db } from '@muster/db'

export type AuditFilters = {
  actorId?: string | undefined
  action?: string | undefined
  targetType?: string | undefined
  targetId?: string | undefined
  from?: string | undefined
  to?: string | undefined
  cursor?: number | undefined
  limit: number
}

/** The newest first, one more than the limit when there are more. */
export async function listAuditEvents(db: Db, filters: AuditFilters) {
  const { actorId, action, targetType, targetId, from, to, cursor, limit } = filters
  const rows = await db
    .selectFrom('audit_events as event')
    .leftJoin('audit_personal as personal', 'personal.event_id', 'event.id')
    .select([
      'event.id',
      'event.seq',
      'event.action',
      'event.actor_id',
      'event.target_type',
      'event.target_id',
      'event.created_at',
      'event.hash',
      'personal.ip',
      'personal.user_agent',
      'personal.request_id',
      'personal.before',
      'personal.after',
    ])
    .$if(actorId !== undefined, (query) => query.where('event.actor_id', '=', actorId as string))
    .$if(action !== undefined, (query) => query.where('event.action', '=', action as string))
    .$if(targetType !== undefined, (query) => query.where('event.target_type', '=', targetType as string))
    .$if(targetId !== undefined, (query) => query.where('event.target_id', '=', targetId as string))
    .$if(from !== undefined, (query) => query.where('event.created_at', '>=', new Date(from as string)))
    .$if(to !== undefined, (query) => query.where('event.created_at', '<', new Date(to as string)))
    .$if(cursor !== undefined, (query) => query.where('event.seq', '<', cursor as number))
    .orderBy('event.seq', 'desc')
    .limit(limit + 1)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    seq: row.seq,
    action: row.action,
    actorId: row.actor_id,
    targetType: row.target_type,
    targetId: row.target_id,
    ip: row.ip,
    userAgent: row.user_agent,
    requestId: row.request_id,
    before: row.before,
    after: row.after,
    createdAt: row.created_at.toISOString(),
    hash: row.hash.toString('hex'),
  }))
}
