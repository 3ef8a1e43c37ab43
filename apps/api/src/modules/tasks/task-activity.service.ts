import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { cursorPage } from '../../http/pagination.ts'
import { auditCursors } from '../../sql/audit-position.ts'
import { findUserSummaries } from '../accounts/user-summary.ts'
import { listAttachments } from '../attachments/attachments.service.ts'
import { getVisibleTask } from '../task-access/task-access.service.ts'
import { type ActivityRow, findKnownUsers, listActivity } from './task-activity.queries.ts'
import { type TaskActivity, type TaskActivityQuery, type TaskChange, toldFields } from './task-activity.schema.ts'

type Names = Awaited<ReturnType<typeof findUserSummaries>>

/** Stands for users whose names the viewer may not read. */
const hiddenName = 'Former member'
/** The names of fields in the activity, by those of the audit log. */
const fieldNames: Readonly<Record<string, TaskChange['field']>> = {
  status: 'status',
  priority: 'priority',
  dueDate: 'dueDate',
  assigneeId: 'assignee',
  title: 'title',
  description: 'description',
  category: 'category',
  link: 'link',
}

/**
 * Lists what happened to a task, the newest first, from the audit log: an event appears when it is chained, about a second later. Names are
 * told of the viewer, the owner and the members of the task's organization alone, since a task may have come from another one.
 * @throws DomainError NOT_FOUND when the task is not visible to the actor, VALIDATION_FAILED for an invalid cursor
 */
export async function listTaskActivity(
  { db }: Pick<Deps, 'db'>,
  actor: Actor,
  taskId: string,
  { limit, cursor }: TaskActivityQuery,
) {
  const after = cursor === undefined ? undefined : auditCursors.decode(cursor)
  const task = await getVisibleTask(db, taskId, actor)
  const files = await listAttachments({ db }, actor, taskId)
  const fileIds = files.map(({ id }) => id)
  const found = await listActivity(db, { taskId, fileIds, after, count: limit + 1 })
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const nextCursor = last && found.length > limit ? auditCursors.encode(last) : null
  const place = { viewerId: actor.userId, ownerId: task.owner_id, organizationId: task.organization_id }
  const names = await findUserSummaries(db, await findKnownUsers(db, shown.flatMap(usersOf), place))
  return { activity: shown.map((row) => toActivity(row, names)), pagination: cursorPage({ limit, nextCursor }) }
}

const usersOf = ({ actorId, before, after }: ActivityRow): string[] =>
  [actorId, before?.assigneeId, after?.assigneeId].filter((id) => typeof id === 'string')

const toActivity = (row: ActivityRow, names: Names): TaskActivity => ({
  id: row.id,
  event: eventOf(row),
  actor: names.get(row.actorId ?? '') ?? null,
  changes: row.before === null || row.action === 'attachment.created' ? [] : changesOf(row.before, row.after, names),
  filename: typeof row.after?.filename === 'string' ? row.after.filename : null,
  createdAt: row.createdAt.toISOString(),
})

function eventOf({ action, before, after }: ActivityRow): TaskActivity['event'] {
  if (action === 'task.created') return 'created'
  if (action === 'attachment.created') return 'fileAdded'
  if (action === 'task.completed') return 'completed'
  const isReopened = before?.status === 'completed' && after?.status !== 'completed'
  return isReopened ? 'reopened' : 'changed'
}

function changesOf(before: Record<string, unknown>, after: ActivityRow['after'], names: Names): TaskChange[] {
  return Object.entries(fieldNames).flatMap(([name, field]): TaskChange[] => {
    const values = [before[name] ?? null, after?.[name] ?? null] as const
    if (values[0] === values[1]) return []
    if (!toldFields.some((told) => told === field)) return [{ field }]
    const [one, other] = values.map((value) => toldValue(field, value, names))
    return [{ field, before: one ?? null, after: other ?? null }]
  })
}

function toldValue(field: TaskChange['field'], value: unknown, names: Names): string | null {
  if (typeof value !== 'string') return null
  return field === 'assignee' ? (names.get(value)?.name ?? hiddenName) : value
}
