import type { Db } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'
import { type AuditPosition, eventMicros, isBeyond, unestimated } from '../../sql/audit-position.ts'
import { limitLiteral } from '../../sql/limit-literal.ts'

export type ActivityRow = {
  id: string
  seq: number
  micros: number
  action: string
  actorId: string | null
  targetId: string
  createdAt: Date
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

type Page = { taskId: string; fileIds: readonly string[]; after: AuditPosition | undefined; count: number }

const taskActions = ['task.created', 'task.updated', 'task.completed']
const fileActions = ['attachment.created']

/** Lists what the audit log has about a task and its files, the newest first. */
export async function listActivity(db: Db, page: Page): Promise<ActivityRow[]> {
  return (await activityPage(page).execute(db)).rows
}

/**
 * Builds the statement of a page. The events of the task are read from the index of targets in its order, and only as far as the page
 * reaches; each file has but one.
 */
export function activityPage({ taskId, fileIds, after, count }: Page): RawBuilder<ActivityRow> {
  const newest = (target: RawBuilder<unknown>, type: string, actions: readonly string[]) => sql`
    select event.* from audit_events event
    where event.target_id = ${target} and ${unestimated(sql`event.target_type = ${type}`)}
      and ${unestimated(sql`event.action = any(${actions}::text[])`)} and ${after ? isBeyond(after, 'newest-first') : sql`true`}
    order by event.created_at desc, event.seq desc limit ${limitLiteral(count)}`
  return sql<ActivityRow>`
    select event.id, event.seq, ${eventMicros} as micros, event.action, event.actor_id as "actorId",
      event.target_id as "targetId", event.created_at as "createdAt", personal.before, personal.after
    from (
      select * from (
        (${newest(sql`${taskId}::text`, 'task', taskActions)}) union all (
          select added.* from unnest(${fileIds}::text[]) file (id),
            lateral (${newest(sql`file.id`, 'attachment', fileActions)}) added
        )
      ) found order by created_at desc, seq desc limit ${limitLiteral(count)}
    ) event
    left join lateral (select before, after from audit_personal where event_id = event.id limit 1) personal on true
    order by event.created_at desc, event.seq desc`
}

/** Finds those of these users whose names a viewer of the task may read: members of its organization, its owner, and the viewer. */
export async function findKnownUsers(
  db: Db,
  userIds: readonly string[],
  { viewerId, ownerId, organizationId }: { viewerId: string; ownerId: string; organizationId: string | null },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from users where id = any(${userIds}::uuid[])
      and (id in (${viewerId}::uuid, ${ownerId}::uuid) or organization_id = ${organizationId}::uuid)`.execute(db)
  return rows.map(({ id }) => id)
}
