import type { Db } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'
import { alphabetical } from '../../sql/collation.ts'
import { limitLiteral } from '../../sql/limit-literal.ts'
import { type TaskRow, taskSelection, toTask } from './task-view.ts'
import type { SortField, Task, TaskQuery } from './tasks.schema.ts'
import { disjointVisibilityReasons, visibilityReasons } from './visibility-reasons.ts'

/** The filters of a list: `search` is the result of {@link parseSearch} for `q`, and `now` decides which tasks are overdue. */
export type TaskFilters = TaskQuery & { search: string | undefined; now: Date }
export type TaskOrder = { field: SortField; isDescending: boolean }
/** The last task of the previous page: its sort key as text, and its id. */
export type TaskPosition = { key: string; id: string }

/** The sort key of a task without a due date, in a {@link TaskPosition}. */
export const withoutDueDate = 'none'

/** Tasks beyond this number are not counted. */
export const maxCounted = 10_000

type SortKey = { key: RawBuilder<unknown>; type: RawBuilder<unknown>; text: RawBuilder<string> }

const sortKeys = (search = ''): Record<SortField, SortKey> => ({
  dueDate: {
    key: sql`tasks.due_date`,
    type: sql`timestamptz`,
    text: sql`coalesce(${instantText()}, ${sql.lit(withoutDueDate)})`,
  },
  createdAt: { key: sql`tasks.created_at`, type: sql`timestamptz`, text: instantText() },
  updatedAt: { key: sql`tasks.updated_at`, type: sql`timestamptz`, text: instantText() },
  priority: {
    key: sql`case tasks.priority when 'low' then 1 when 'medium' then 2 else 3 end`,
    type: sql`integer`,
    text: sql`page.sort_key::text`,
  },
  title: { key: alphabetical(sql`tasks.title`), type: sql`text`, text: sql`page.sort_key` },
  // With all its digits, so that a cursor continues at the same place.
  relevance: {
    key: sql`ts_rank(tasks.search, ${search}::tsquery)`,
    type: sql`real`,
    text: sql`page.sort_key::text`,
  },
})

/** SQL: the sort key with microseconds, so that the next page neither skips nor repeats a task. */
function instantText() {
  return sql<string>`to_char(page.sort_key at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
}

/**
 * Lists a page of the tasks that are visible to the actor, each with its attachments and the actor's own reminders. Each
 * reason of visibility is read from its own index and only as far as the page reaches, so the cost does not grow with the
 * number of tasks.
 */
export async function listTasks(
  db: Db,
  actor: Actor,
  filters: TaskFilters,
  { order, after, offset, count }: { order: TaskOrder; after: TaskPosition | undefined; offset: number; count: number },
): Promise<{ task: Task; sortKey: string }[]> {
  const sortKey = sortKeys(filters.search)[order.field]
  const direction = order.isDescending ? sql`desc` : sql`asc`
  const branches = visibilityReasons(actor).flatMap((reason) =>
    stretches(order, sortKey, { filters, after }).map(
      (isReached) => sql`(
        select tasks.id, ${sortKey.key} as sort_key from tasks where ${reason} ${conditions(actor, filters)} and ${isReached}
        order by ${sortKey.key} ${direction}, tasks.id ${direction} limit ${limitLiteral(offset + count)})`,
    ),
  )
  const { rows } = await sql<TaskRow & { sortKey: string }>`
    with page as (
      select id, sort_key from (${sql.join(branches, sql` union `)}) found
      order by sort_key ${direction} nulls last, id ${direction} limit ${count} offset ${offset}
    )
    select ${taskSelection(actor.userId)}, ${sortKey.text} as "sortKey"
    from page join tasks on tasks.id = page.id
    order by page.sort_key ${direction} nulls last, page.id ${direction}`.execute(db)
  return rows.map(({ sortKey, ...row }) => ({ task: toTask(row), sortKey }))
}

/**
 * Returns conditions for the parts of an order that a page may reach, each of which an index reads in that order. By due
 * date, the tasks without one come last in either direction: they are a part of their own, since an index has its nulls at
 * one end only.
 */
function stretches(
  { field, isDescending }: TaskOrder,
  { key, type }: SortKey,
  { filters, after }: { filters: TaskFilters; after: TaskPosition | undefined },
): RawBuilder<boolean>[] {
  const beyond = isDescending ? sql`<` : sql`>`
  const isAfter = after && sql<boolean>`(${key}, tasks.id) ${beyond} (${after.key}::${type}, ${after.id}::uuid)`
  if (field !== 'dueDate') return [isAfter ?? sql`true`]
  const isUndated = sql<boolean>`tasks.due_date is null`
  if (after?.key === withoutDueDate) return [sql`${isUndated} and tasks.id ${beyond} ${after.id}::uuid`]
  const isDated = isAfter ?? sql<boolean>`tasks.due_date is not null`
  if (filters.hasDueDate === false) return [isUndated]
  return needsDueDate(filters) ? [isDated] : [isDated, isUndated]
}

/** Tells whether the filters leave out all tasks without a due date. */
const needsDueDate = ({ dueFrom, dueTo, overdue, hasDueDate }: TaskFilters) =>
  Boolean(dueFrom ?? dueTo ?? (overdue || hasDueDate))

/** Counts the visible tasks that match the filters; {@link maxCounted} + 1 means more. */
export async function countTasks(db: Db, actor: Actor, filters: TaskFilters): Promise<number> {
  const branches = disjointVisibilityReasons(actor).map(
    (reason) => sql`(select from tasks where ${reason} ${conditions(actor, filters)} limit ${sql.lit(maxCounted + 1)})`,
  )
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from (
      select from (${sql.join(branches, sql` union all `)}) found limit ${sql.lit(maxCounted + 1)}
    ) counted`.execute(db)
  return rows[0]?.total ?? 0
}

function conditions(actor: Actor, filters: TaskFilters): RawBuilder<unknown> {
  const { status, priority, category, ownerId, assigneeId, dueFrom, dueTo, hasDueDate, updatedSince, search } = filters
  const parts = [
    status && sql`and tasks.status = any(${status}::text[])`,
    priority && sql`and tasks.priority = any(${priority}::text[])`,
    category &&
      sql`and ${isAnyOf(
        sql`tasks.category`,
        category.map((name) => name || null),
        'text',
      )}`,
    ownerId && sql`and ${isAnyOf(sql`tasks.owner_id`, usersOf(ownerId, actor), 'uuid')}`,
    assigneeId && sql`and ${isAnyOf(sql`tasks.assignee_id`, usersOf(assigneeId, actor), 'uuid')}`,
    dueFrom && sql`and tasks.due_date >= ${dueFrom}::timestamptz`,
    dueTo && sql`and tasks.due_date <= ${dueTo}::timestamptz`,
    hasDueDate !== undefined && sql`and tasks.due_date is ${hasDueDate ? sql`not null` : sql`null`}`,
    overdueCondition(filters),
    updatedSince && sql`and tasks.updated_at >= ${updatedSince}::timestamptz`,
    search !== undefined && sql`and tasks.search @@ ${search}::tsquery`,
  ].filter((part) => part !== undefined && part !== false)
  return sql.join(parts, sql` `)
}

function overdueCondition({ overdue, now }: TaskFilters): RawBuilder<unknown> | undefined {
  if (overdue === undefined) return undefined
  return overdue
    ? sql`and tasks.status <> 'completed' and tasks.due_date < ${now}::timestamptz`
    : sql`and (tasks.status = 'completed' or tasks.due_date is null or tasks.due_date >= ${now}::timestamptz)`
}

/** Resolves the words of a filter: `me` is the actor, `none` is null. */
const usersOf = (users: readonly string[], { userId }: Actor): (string | null)[] =>
  users.map((user) => (user === 'none' ? null : user === 'me' ? userId : user))

/** SQL: the column has one of the values, among which null means none. */
function isAnyOf(column: RawBuilder<unknown>, values: readonly (string | null)[], type: 'text' | 'uuid') {
  const named = values.filter((value) => value !== null)
  const isNamed = sql<boolean>`${column} = any(${named}::${sql.raw(type)}[])`
  if (named.length === values.length) return isNamed
  return named.length === 0 ? sql<boolean>`${column} is null` : sql<boolean>`(${isNamed} or ${column} is null)`
}
