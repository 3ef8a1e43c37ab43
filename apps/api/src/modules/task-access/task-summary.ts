import { taskVisibleToSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'
import type { TaskSummary } from './task-access.schema.ts'

/**
 * SQL: the task with this id as JSON, or null when it is not visible to the actor. {@link toTaskSummary} converts it.
 * @param id an expression, for example `sql.ref('reminders.task_id')`
 */
export const taskSummarySql = (id: RawBuilder<unknown>, actor: Actor): RawBuilder<TaskSummary | null> => sql`(
  select json_build_object('id', tasks.id, 'title', tasks.title, 'status', tasks.status, 'dueDate', tasks.due_date)
  from tasks where tasks.id = ${id} and ${taskVisibleToSql(actor)}
)`

/** Converts the JSON of {@link taskSummarySql}, whose instant has the form of Postgres. */
export const toTaskSummary = (row: TaskSummary | null): TaskSummary | null =>
  row && { ...row, dueDate: row.dueDate && new Date(row.dueDate).toISOString() }
