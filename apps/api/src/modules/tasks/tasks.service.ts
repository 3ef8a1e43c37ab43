import { newId } from '@muster/db'
import { DomainError } from '@muster/errors'
import { invalidateAnalytics } from '@muster/person-cache'
import { canDeleteTask } from '@muster/policy'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { findReplayed, type Idempotency, replayedResourceDeleted } from '../../http/idempotency.ts'
import { toAttachment } from '../attachments/attachment-view.ts'
import { deleteAttachmentsOfTask } from '../attachments/attachments.service.ts'
import { toReminder } from '../reminders/reminder-view.ts'
import {
  cancelUnseenReminders,
  completeRemindersOfTask,
  deleteRemindersOfTask,
  moveRemindersOfTask,
} from '../reminders/task-reminders.service.ts'
import { notifyTaskCompleted } from './notify-task-completed.ts'
import { decodeCursor, encodeCursor, orderOf } from './task-cursor.ts'
import * as queries from './tasks.queries.ts'
import type { ListedTask, NewTask, Task, TaskPatch, TaskQuery } from './tasks.schema.ts'
import * as list from './tasks-list.queries.ts'

/** `isCurrent` says whether a version is the one that the caller means. */
type ChangeOptions = { isCurrent: (version: number) => boolean; origin: Origin }

/**
 * Makes a task of the actor's. The same idempotency key and body give the same task again.
 * @throws DomainError VALIDATION_FAILED for an assignee from elsewhere, IDEMPOTENCY_MISMATCH, and CONFLICT when the
 *   task that the key made has been deleted since
 */
export async function createTask(
  { db, redis, publisher, clock }: Pick<Deps, 'db' | 'redis' | 'publisher' | 'clock'>,
  actor: Actor,
  fields: NewTask,
  options: { idempotency: Idempotency | undefined; origin: Origin },
): Promise<Task> {
  const now = clock.now()
  const task = newTaskOf(actor, fields, now)
  const event = {
    action: 'task.created',
    actorId: actor.userId,
    targetType: 'task',
    targetId: task.id,
    after: task,
    context: options.origin,
  }
  if (await queries.insertTask(db, toRow(task), event, options.idempotency)) {
    publisher.wakeAuditWorker()
    await invalidateAnalytics({ redis }, [task.ownerId, task.assigneeId])
    return task
  }
  const known = options.idempotency && (await findReplayed(db, options.idempotency, { actorId: actor.userId, now }))
  if (!known) throw foreignAssignee()
  const made = await queries.findTask(db, known, actor)
  if (!made) throw replayedResourceDeleted()
  return toTask(made)
}

/** @throws DomainError NOT_FOUND, also for what the actor may not see */
export async function getTask({ lookups }: Pick<Deps, 'lookups'>, actor: Actor, id: string): Promise<Task> {
  const row = await queries.findTask(lookups, id, actor)
  if (!row) throw new DomainError('NOT_FOUND')
  return toTask(row)
}

/**
 * A page of what the actor sees, by number (with a total) or behind a cursor.
 * @throws DomainError VALIDATION_FAILED for a cursor that is not one of this order
 */
export async function listTasks({ db }: Pick<Deps, 'db'>, actor: Actor, query: TaskQuery) {
  const { limit, page = 1, cursor } = query
  const order = orderOf(query.sort ?? (query.q === undefined ? 'dueDate' : '-relevance'))
  const after = cursor === undefined ? undefined : decodeCursor(cursor, order)
  const offset = cursor === undefined ? (page - 1) * limit : 0
  const [rows, total] = await Promise.all([
    list.listTasks(db, actor, query, { order, after, offset, count: limit + 1 }),
    cursor === undefined ? list.countTasks(db, actor, query) : undefined,
  ])
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const nextCursor = last && rows.length > limit ? encodeCursor(order, { key: last.sort_key, id: last.id }) : null
  const tasks = shown.map(toListedTask)
  if (total === undefined) return { tasks, pagination: { limit, nextCursor } }
  return { tasks, pagination: { page, limit, total, totalPages: Math.ceil(total / limit), nextCursor } }
}

/**
 * Changes a task. Completing it completes its reminders and tells the owner; a moved due date takes along the
 * reminders that hang on it; who is no longer assigned is no longer reminded. A patch that changes nothing leaves no trace.
 * @throws DomainError NOT_FOUND, STALE, VALIDATION_FAILED for an assignee from elsewhere
 */
export function updateTask(
  deps: Pick<Deps, 'transact' | 'redis' | 'clock'>,
  actor: Actor,
  id: string,
  patch: TaskPatch,
  { isCurrent, origin }: ChangeOptions,
): Promise<Task> {
  return deps.transact(async (tx) => {
    const { trx, audit, afterCommit } = tx
    const now = deps.clock.now()
    const before = await queries.lockTask(trx, id, actor)
    if (!before) throw new DomainError('NOT_FOUND')
    if (!isCurrent(before.version)) throw new DomainError('STALE')
    const changes = changesOf(before, patch, now)
    if (Object.keys(changes).length === 0) return toTask(before)
    if (changes.assignee_id && !(await queries.isMember(trx, changes.assignee_id, before.organization_id))) {
      throw foreignAssignee()
    }
    const after = await queries.updateTask(trx, id, changes, now)
    afterCommit(() => invalidateAnalytics(deps, [after.owner_id, before.assignee_id, after.assignee_id]))
    const isCompleted = Boolean(changes.completed_at)
    if (isCompleted) await completeRemindersOfTask(deps, tx, id, now)
    if (changes.assignee_id !== undefined) await cancelUnseenReminders(deps, tx, { taskIds: [id] }, now)
    if (changes.due_date && !after.completed_at)
      await moveRemindersOfTask(deps, tx, { id, dueDate: after.due_date }, now)
    const fields = Object.keys(patch) as (keyof Task & keyof TaskPatch)[]
    audit({
      action: isCompleted ? 'task.completed' : 'task.updated',
      actorId: actor.userId,
      targetType: 'task',
      targetId: id,
      before: pick(toTask(before), fields),
      after: pick(toTask(after), fields),
      context: origin,
    })
    if (isCompleted) await notifyTaskCompleted(tx, after, { byId: actor.userId, now })
    return toTask(after)
  })
}

/**
 * Deletes a task with its reminders and files; the files' bytes go by a job.
 * @returns the task as it was
 * @throws DomainError NOT_FOUND, STALE, and FORBIDDEN for a mere assignee
 */
export function deleteTask(
  deps: Pick<Deps, 'transact' | 'redis'>,
  actor: Actor,
  id: string,
  { isCurrent, origin }: ChangeOptions,
): Promise<Task> {
  return deps.transact(async (tx) => {
    const { trx, audit, afterCommit } = tx
    const row = await queries.lockTask(trx, id, actor)
    if (!row) throw new DomainError('NOT_FOUND')
    if (!canDeleteTask(row, actor)) {
      throw new DomainError('FORBIDDEN', {
        message: 'Only the owner or an organization admin can delete this task.',
      })
    }
    if (!isCurrent(row.version)) throw new DomainError('STALE')
    await deleteAttachmentsOfTask(tx, id)
    await deleteRemindersOfTask(deps, tx, id)
    await queries.deleteTask(trx, id)
    afterCommit(() => invalidateAnalytics(deps, [row.owner_id, row.assignee_id]))
    const task = toTask(row)
    audit({
      action: 'task.deleted',
      actorId: actor.userId,
      targetType: 'task',
      targetId: id,
      before: task,
      context: origin,
    })
    return task
  })
}

const foreignAssignee = () =>
  new DomainError('VALIDATION_FAILED', {
    details: [{ path: 'body.assigneeId', message: 'is not an active member of your organization' }],
  })

function newTaskOf(actor: Actor, fields: NewTask, now: Date): Task {
  const createdAt = now.toISOString()
  return {
    id: newId(),
    ownerId: actor.userId,
    assigneeId: fields.assigneeId ?? null,
    organizationId: actor.organizationId,
    title: fields.title,
    description: fields.description ?? null,
    dueDate: fields.dueDate,
    priority: fields.priority,
    category: fields.category ?? null,
    status: fields.status,
    link: fields.link ?? null,
    completedAt: fields.status === 'completed' ? createdAt : null,
    version: 1,
    createdAt,
    updatedAt: createdAt,
  }
}

/** The columns that the patch really changes, with the moment of completion. */
function changesOf(before: queries.TaskRow, patch: TaskPatch, now: Date): Partial<queries.TaskRow> {
  const wanted: Partial<queries.TaskRow> = {
    ...(patch.title !== undefined && { title: patch.title }),
    ...(patch.description !== undefined && { description: patch.description }),
    ...(patch.dueDate !== undefined && { due_date: new Date(patch.dueDate) }),
    ...(patch.priority !== undefined && { priority: patch.priority }),
    ...(patch.category !== undefined && { category: patch.category }),
    ...(patch.link !== undefined && { link: patch.link }),
    ...(patch.assigneeId !== undefined && { assignee_id: patch.assigneeId }),
    ...(patch.status !== undefined && { status: patch.status }),
  }
  const changes = Object.fromEntries(
    Object.entries(wanted).filter(([column, value]) => !isSame(before[column as keyof queries.TaskRow], value)),
  ) as Partial<queries.TaskRow>
  if (changes.status) changes.completed_at = changes.status === 'completed' ? now : null
  return changes
}

const isSame = (one: unknown, other: unknown) =>
  one instanceof Date && other instanceof Date ? one.getTime() === other.getTime() : one === other

const pick = (task: Task, fields: (keyof Task)[]) => Object.fromEntries(fields.map((field) => [field, task[field]]))

function toTask(row: queries.TaskRow): Task {
  return {
    id: row.id,
    ownerId: row.owner_id,
    assigneeId: row.assignee_id,
    organizationId: row.organization_id,
    title: row.title,
    description: row.description,
    dueDate: row.due_date.toISOString(),
    priority: row.priority,
    category: row.category,
    status: row.status,
    link: row.link,
    completedAt: row.completed_at?.toISOString() ?? null,
    version: row.version,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

const toListedTask = (row: list.ListedTaskRow): ListedTask => ({
  ...toTask(row),
  attachments: row.attachments.map(toAttachment),
  reminders: row.reminders.map(toReminder),
})

const toRow = (task: Task): queries.TaskRow => ({
  id: task.id,
  owner_id: task.ownerId,
  assignee_id: task.assigneeId,
  organization_id: task.organizationId,
  title: task.title,
  description: task.description,
  due_date: new Date(task.dueDate),
  priority: task.priority,
  category: task.category,
  status: task.status,
  link: task.link,
  completed_at: task.completedAt === null ? null : new Date(task.completedAt),
  version: task.version,
  created_at: new Date(task.createdAt),
  updated_at: new Date(task.updatedAt),
})
