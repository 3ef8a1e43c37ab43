import type { Db, Trx } from '@muster/db'
import { type AuditEvent, auditRow } from '@muster/jobs/outbox'
import { activeUserSql, taskVisibleToSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'
import { claimingInsert, type Idempotency } from '../../http/idempotency.ts'
import type { Task } from './tasks.schema.ts'

export type TaskRow = {
  id: string
  owner_id: string
  assignee_id: string | null
  organization_id: string | null
  title: string
  description: string | null
  due_date: Date
  priority: Task['priority']
  category: string | null
  status: Task['status']
  link: string | null
  completed_at: Date | null
  version: number
  created_at: Date
  updated_at: Date
}

/** Without the search vector, which nobody reads. */
const columns = [
  'id',
  'owner_id',
  'assignee_id',
  'organization_id',
  'title',
  'description',
  'due_date',
  'priority',
  'category',
  'status',
  'link',
  'completed_at',
  'version',
  'created_at',
  'updated_at',
] as const satisfies (keyof TaskRow)[]
export const taskColumns = sql.raw(columns.map((name) => `tasks.${name}`).join(', '))

export async function findTask(db: Db, id: string, actor: Actor): Promise<TaskRow | undefined> {
  const { rows } =
    await sql<TaskRow>`select ${taskColumns} from tasks where id = ${id} and ${taskVisibleToSql(actor)}`.execute(db)
  return rows[0]
}

/** Locks the row until the transaction ends; undefined when the actor may not see it. */
export async function lockTask(trx: Trx, id: string, actor: Actor): Promise<TaskRow | undefined> {
  const { rows } = await sql<TaskRow>`
    select ${taskColumns} from tasks where id = ${id} and ${taskVisibleToSql(actor)} for update`.execute(trx)
  return rows[0]
}

/**
 * The task, its audit event and, when there is one, its idempotency key: one statement, which is a transaction of its
 * own. Its text depends on nothing but whether there is a key and an assignee, so it stays prepared.
 * @returns false when nothing was written: the key is taken, or the assignee is nobody of the organization
 */
export async function insertTask(
  db: Db,
  row: Omit<TaskRow, 'version' | 'updated_at'>,
  event: AuditEvent,
  idempotency: Idempotency | undefined,
): Promise<boolean> {
  const audit = auditRow(event)
  const isAssignable = row.assignee_id === null ? sql`true` : memberExists(row.assignee_id, row.organization_id)
  const claim = { actorId: row.owner_id, resourceId: row.id, now: row.created_at }
  const { rows } = await sql<{ id: string }>`
    with ${idempotency ? sql`claimed as (${claimingInsert(idempotency, claim, isAssignable)}), ` : sql``}created as (
      insert into tasks (id, owner_id, assignee_id, organization_id, title, description, due_date, priority, category,
        status, link, completed_at, created_at, updated_at)
      select ${row.id}::uuid, ${row.owner_id}::uuid, ${row.assignee_id}::uuid, ${row.organization_id}::uuid, ${row.title}::text,
        ${row.description}::text, ${row.due_date}::timestamptz, ${row.priority}::text, ${row.category}::text,
        ${row.status}::text, ${row.link}::text, ${row.completed_at}::timestamptz, ${row.created_at}::timestamptz,
        ${row.created_at}::timestamptz
      where ${idempotency ? sql`exists (select from claimed)` : isAssignable}
      returning id
    )
    insert into audit_pending (id, action, actor_id, target_type, target_id, ip, user_agent, request_id, after)
    select ${audit.id}::uuid, ${audit.action}::text, ${audit.actor_id}::uuid, ${audit.target_type}::text, ${audit.target_id}::text,
      ${audit.ip}::text, ${audit.user_agent}::text, ${audit.request_id}::text, ${audit.after}::jsonb
    from created
    returning id`.execute(db)
  return rows.length > 0
}

const memberExists = (userId: string, organizationId: string | null): RawBuilder<boolean> =>
  sql`exists (select from users where id = ${userId}::uuid and organization_id = ${organizationId}::uuid and ${activeUserSql})`

/** Whether the person is an active member of the organization. */
export async function isMember(trx: Trx, userId: string, organizationId: string | null): Promise<boolean> {
  const { rows } = await sql<{ yes: boolean }>`select ${memberExists(userId, organizationId)} as yes`.execute(trx)
  return rows[0]?.yes === true
}

/** Writes the fields and raises the version. */
export async function updateTask(trx: Trx, id: string, changes: Partial<TaskRow>, now: Date): Promise<TaskRow> {
  const row = await trx
    .updateTable('tasks')
    .set({ ...changes, version: sql`version + 1`, updated_at: now })
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow()
  return row as TaskRow
}

export async function deleteTask(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('tasks').where('id', '=', id).execute()
}
