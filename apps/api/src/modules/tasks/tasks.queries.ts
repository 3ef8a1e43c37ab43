import { type Db, inBatches, type Trx } from '@muster/db'
import type { SharedWrite } from '@muster/jobs/outbox'
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

export type TaskToInsert = { task: TaskFields; idempotency: Idempotency | undefined }
type InsertedRow = TaskUsersRow & { id: string }

/**
 * The write that creates tasks and takes their idempotency keys; `written` returns a task's users. A task is not written when its key is
 * taken, or its assignee is not an active member of its organization.
 */
export const insertTasks: SharedWrite<TaskToInsert, InsertedRow> = {
  toGiven: ({ task, idempotency }) => ({
    ...task,
    ...(idempotency && { ...idempotency, bodyHash: idempotency.bodyHash.toString('hex') }),
  }),
  columns: sql`${taskColumns.record}, route text, key text, "bodyHash" text`,
  // The keys are claimed in one order, so that statements with the same ones do not block each other.
  ctes: sql`assignable as (
      select * from given where "assigneeId" is null or ${memberExists(sql.ref('assigneeId'), sql.ref('organizationId'))}
    ), claimed as (${claimingInsert(sql`
      select "ownerId", route, key, decode("bodyHash", 'hex'), id, "createdAt" from assignable where key is not null
      order by "ownerId", route, key`)}
    ), written as (
      insert into tasks (${taskColumns.list}) select ${taskColumns.recordValues} from assignable
      where key is null or id in (select resource_id from claimed)
      returning id, ${taskUsersSelection}
    )`,
}

/** Inserts a task by {@link insertTasks}, inside a transaction. @returns its users; undefined when nothing was written */
export async function insertTaskIn(trx: Trx, task: TaskToInsert): Promise<TaskUsersRow | undefined> {
  const { toGiven, columns, ctes } = insertTasks
  const { rows } = await sql<TaskUsersRow>`
    with given as (select * from json_to_recordset(${JSON.stringify([toGiven(task)])}::json) as item (${columns})), ${ctes}
    select * from written`.execute(trx)
  return rows[0]
}

/** Tells whether the user is an active member of the organization. */
export async function isMember(trx: Trx, userId: string, organizationId: string | null): Promise<boolean> {
  const exists = memberExists(sql`${userId}::uuid`, sql`${organizationId}::uuid`)
  const { rows } = await sql<{ yes: boolean }>`select ${exists} as yes`.execute(trx)
  return rows[0]?.yes === true
}

function memberExists(userId: RawBuilder<unknown>, organizationId: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql`exists (select from users where users.id = ${userId} and organization_id = ${organizationId} and ${activeUserSql})`
}

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
