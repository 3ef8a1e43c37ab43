import type { UserSummary } from '@muster/realtime/shapes'
import { type RawBuilder, sql } from 'kysely'
import type { RowOf } from '../../sql/columns.ts'
import { toUserSummary, type UserSummaryRow, userSummarySql } from '../accounts/user-summary.ts'
import { type AttachmentRow, toAttachment } from '../attachments/attachment-view.ts'
import { reminderColumns } from '../reminders/reminder-columns.ts'
import type { TaskReminder } from '../reminders/reminders.schema.ts'
import { taskColumns } from './task-columns.ts'
import type { Task, TaskFields } from './tasks.schema.ts'

/** The users of a task. Whoever may see the task may see their names. */
export type TaskUsersRow = { owner: UserSummaryRow; assignee: UserSummaryRow | null }
/** A task's row with everything that its answer carries. Attachments and reminders are JSON, in which instants are text. */
export type TaskRow = RowOf<'tasks', TaskFields> &
  TaskUsersRow & { attachments: AttachmentRow[]; reminders: TaskReminder[] }

/** Selects the users of a task. Expects a table named `tasks`. */
export const taskUsersSelection: RawBuilder<TaskUsersRow> = sql`
  ${userSummarySql(sql.ref('tasks.owner_id'))} as owner,
  case when tasks.assignee_id is not null then ${userSummarySql(sql.ref('tasks.assignee_id'))} end as assignee`

/**
 * Selects a task with its users, its attachments and the reminders of this user. Expects a table named `tasks`. Arrays of rows, which
 * an index hands over in order, cost a third less than aggregates.
 */
export const taskSelection = (userId: string | RawBuilder<unknown>): RawBuilder<TaskRow> => sql`
  ${taskColumns.selection}, ${taskUsersSelection},
  array_to_json(array(
    select row_to_json(a) from attachments a where a.task_id = tasks.id order by a.created_at, a.id
  )) as attachments,
  array_to_json(array(select row_to_json(r) from (
    select ${reminderColumns.selection} from reminders where task_id = tasks.id and user_id = ${userId}
    order by reminders.scheduled_at, reminders.id
  ) r)) as reminders`

/** Converts a row of {@link taskSelection} to the shape of the API. */
export const toTask = ({ owner, assignee, attachments, reminders, ...fields }: TaskRow): Task => ({
  ...taskColumns.fromRow(fields),
  ...toTaskUsers({ owner, assignee }),
  attachments: attachments.map(toAttachment),
  reminders: reminders.map(reminderColumns.fromRow),
})

/** Converts a row of {@link taskUsersSelection} to the shape of the API. */
export const toTaskUsers = ({
  owner,
  assignee,
}: TaskUsersRow): { owner: UserSummary; assignee: UserSummary | null } => ({
  owner: toUserSummary(owner),
  assignee: assignee && toUserSummary(assignee),
})
