import { type Db, inBatches, type Trx } from '@muster/db'
import { activeUserSql, taskVisibleToSql, taskVisibleToUserSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'
import { claimingInsert, type Idempotency } from '../../http/idempotency.ts'
import type { RowOf } from '../../sql/columns.ts'
import { taskColumns } from './task-columns.ts'
import { type TaskRow, type TaskUsersRow, taskSelection, taskUsersSelection, toTask } from './task-view.ts'
import type { Task, TaskFields } from './tasks.schema.ts'

/** Reads a task with all that its answer carries; undefined when it is not visible to the actor. */
export const findTask = (db: Db, id: string, actor: Actor): Promise<Task | undefined> =>
  readTask(db, sql`select ${taskSelection(actor.userId)} from tasks where id = ${id} and ${taskVisibleToSql(actor)}`)

/** Reads a task as {@link findTask} does, in one statement with the other tasks that are asked for at this moment. */
export const lookUpTask = (lookups: Db, id: string, actor: Actor): Promise<Task | undefined> =>
  lookUpInBatch(lookups, { id, actor })

const lookUpInBatch = inBatches(findTasks)

async function findTasks(db: Db, asked: { id: string; actor: Actor }[]): Promise<(Task | undefined)[]> {
  const asking = asked.map(({ id: taskId, actor }, place) => ({
    place,
    task_id: taskId,
    id: actor.userId,
    role: actor.role,
    organization_id: actor.organizationId,
  }))
  // The actors stand for the users. They are JSON, of which the planner expects a fixed number of rows, so that it keeps its plan: an
  // array would be planned anew for each length.
  const { rows } = await sql<TaskRow & { place: number }>`
    select users.place, ${taskSelection(sql.ref('users.id'))}
    from jsonb_to_recordset(${JSON.stringify(asking)}::jsonb)
        as users (place integer, task_id uuid, id uuid, role text, organization_id uuid)
      join tasks on tasks.id = users.task_id
    where ${taskVisibleToUserSql}`.execute(db)
  const found: (Task | undefined)[] = asked.map(() => undefined)
  for (const { place, ...row } of rows) found[place] = toTask(row)
  return found
}

/** Finds those of these tasks that are visible to the actor. @returns their ids */
export async function findVisible(db: Db, ids: readonly string[], actor: Actor): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from tasks where id = any(${ids}::uuid[]) and ${taskVisibleToSql(actor)}`.execute(db)
  return new Set(rows.map(({ id }) => id))
}

/** Reads a locked task as {@link findTask} does, also when the actor has just lost sight of it. */
export async function readLockedTask(trx: Trx, id: string, { userId }: Actor): Promise<Task> {
  const task = await readTask(trx, sql`select ${taskSelection(userId)} from tasks where id = ${id}`)
  return task ?? lockedTaskIsMissing()
}

/** Reads the fields of a task and locks its row until the transaction ends; undefined when it is not visible to the actor. */
export const lockTask = (trx: Trx, id: string, actor: Actor): Promise<TaskFields | undefined> =>
  readFields(
    trx,
    sql`select ${taskColumns.selection} from tasks where id = ${id} and ${taskVisibleToSql(actor)} for update`,
  )

/**
 * Returns the CTEs that insert a task and take its idempotency key, for `transactStatement`; `written` returns the task's
 * users. Nothing is written when the key is taken or the assignee is not an active member of the task's organization. The
 * text depends only on whether there is a key and an assignee, so it stays prepared.
 */
export function insertTask(task: TaskFields, idempotency: Idempotency | undefined): RawBuilder<unknown> {
  const isAssignable = task.assigneeId === null ? sql`true` : memberExists(task.assigneeId, task.organizationId)
  const insert = sql`insert into tasks (${taskColumns.list}) select ${taskColumns.values(task)}`
  const returning = sql`returning ${taskUsersSelection}`
  if (!idempotency) return sql`written as (${insert} where ${isAssignable} ${returning})`
  const claim = { actorId: task.ownerId, resourceId: task.id, now: new Date(task.createdAt) }
  return sql`claimed as (${claimingInsert(idempotency, claim, isAssignable)}),
    written as (${insert} where exists (select from claimed) ${returning})`
}

/** Inserts a task like {@link insertTask}, inside a transaction. @returns its users; undefined when nothing was written */
export async function insertTaskIn(
  trx: Trx,
  task: TaskFields,
  idempotency: Idempotency | undefined,
): Promise<TaskUsersRow | undefined> {
  const { rows } = await sql<TaskUsersRow>`with ${insertTask(task, idempotency)} select * from written`.execute(trx)
  return rows[0]
}

/** Tells whether the user is an active member of the organization. */
export async function isMember(trx: Trx, userId: string, organizationId: string | null): Promise<boolean> {
  const { rows } = await sql<{ yes: boolean }>`select ${memberExists(userId, organizationId)} as yes`.execute(trx)
  return rows[0]?.yes === true
}

const memberExists = (userId: string, organizationId: string | null): RawBuilder<boolean> =>
  sql`exists (select from users where id = ${userId}::uuid and organization_id = ${organizationId}::uuid and ${activeUserSql})`

/** Writes the fields and raises the version. @returns the task's fields as they are now */
export async function updateTask(trx: Trx, id: string, changes: Partial<TaskFields>, now: Date): Promise<TaskFields> {
  const assignments = [...taskColumns.assignments(changes), sql`version = version + 1`, sql`updated_at = ${now}`]
  const fields = await readFields(
    trx,
    sql`update tasks set ${sql.join(assignments)} where id = ${id} returning ${taskColumns.selection}`,
  )
  return fields ?? lockedTaskIsMissing()
}

export async function deleteTask(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('tasks').where('id', '=', id).execute()
}

async function readTask(db: Db | Trx, statement: RawBuilder<TaskRow>): Promise<Task | undefined> {
  const { rows } = await statement.execute(db)
  return rows[0] && toTask(rows[0])
}

async function readFields(
  trx: Trx,
  statement: RawBuilder<RowOf<'tasks', TaskFields>>,
): Promise<TaskFields | undefined> {
  const { rows } = await statement.execute(trx)
  return rows[0] && taskColumns.fromRow(rows[0])
}

function lockedTaskIsMissing(): never {
  throw new Error('A task that is locked does not disappear.')
}
