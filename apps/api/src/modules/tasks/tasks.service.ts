import { invalidateAnalytics } from '@muster/cache'
import { type Db, newId } from '@muster/db'
import { DomainError, detailOf } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { canDeleteTask } from '@muster/policy'
import { signalTaskChange } from '@muster/signals'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { eventOn } from '../../http/event-on.ts'
import { findReplayed, type Idempotency, replayedResourceDeleted } from '../../http/idempotency.ts'
import { cursorPage, numberedPage } from '../../http/pagination.ts'
import type { Reads } from '../../http/reads/reads.ts'
import { parseSearch } from '../../sql/parse-search.ts'
import { deleteAttachmentsOf } from '../attachments/attachments.service.ts'
import {
  cancelUnseenReminders,
  completeRemindersOfTask,
  deleteRemindersOfTask,
  moveRemindersOfTask,
} from '../reminders/task-reminders.service.ts'
import { noticesOfChange, noticeTo } from './notices-of-change.ts'
import { countCategories } from './task-categories.queries.ts'
import { decodeCursor, encodeCursor, orderOf } from './task-cursor.ts'
import { notifyAboutTasks } from './task-notices.ts'
import { toTaskUsers } from './task-view.ts'
import * as queries from './tasks.queries.ts'
import type { NewTask, Task, TaskCategory, TaskFields, TaskPatch, TaskQuery } from './tasks.schema.ts'
import * as list from './tasks-list.queries.ts'

type CreateDeps = Pick<Deps, 'db' | 'transact' | 'transactTogether' | 'cache' | 'clock'>
type CreateOptions = { idempotency: Idempotency | undefined; origin: Origin }
/** `isCurrent` tells whether a version is the one that the request names. */
type ChangeOptions = { isCurrent: (version: number) => boolean; origin: Origin }

/**
 * Creates a task of the actor. The same idempotency key and body return the same task again.
 * @throws DomainError VALIDATION_FAILED for an assignee who is not an active member of the actor's organization,
 *   IDEMPOTENCY_MISMATCH, and CONFLICT when the task created with the key has been deleted since
 */
export async function createTask(
  deps: CreateDeps,
  actor: Actor,
  fields: NewTask,
  options: CreateOptions,
): Promise<Task> {
  const { idempotency } = options
  const now = deps.clock.now()
  const task = newTaskOf(actor, fields, now)
  const isForAnother = task.assigneeId !== null && task.assigneeId !== actor.userId
  const users = await (isForAnother ? writeAndNotify : writeTask)(deps, task, options)
  if (users) return { ...task, ...toTaskUsers(users), attachments: [], reminders: [] }
  const replayedId = idempotency && (await findReplayed(deps.db, idempotency, { actorId: actor.userId, now }))
  if (!replayedId) throw foreignAssignee()
  const replayed = await queries.findTask(deps.db, replayedId, actor)
  if (!replayed) throw replayedResourceDeleted()
  return replayed
}

/** Writes a new task in one statement with those of concurrent requests. @returns its users; undefined when nothing was written */
const writeTask = (deps: CreateDeps, task: TaskFields, { idempotency, origin }: CreateOptions) =>
  deps.transactTogether(queries.insertTasks, { task, idempotency }, (effects) =>
    addCreationEffects(deps, effects, task, origin),
  )

/** Writes a new task and notifies its assignee. @returns its users; undefined when nothing was written */
const writeAndNotify = (deps: CreateDeps, task: TaskFields, { idempotency, origin }: CreateOptions) =>
  deps.transact(async (tx) => {
    const users = await queries.insertTaskIn(tx.trx, { task, idempotency })
    if (!users) return undefined
    addCreationEffects(deps, tx, task, origin)
    await notifyAboutTasks(tx, noticeTo(task, 'assigned'), { byId: task.ownerId, now: deps.clock.now() })
    return users
  })

function addCreationEffects(
  deps: Pick<Deps, 'cache'>,
  { audit, signal, afterCommit }: Pick<TransactContext, 'audit' | 'signal' | 'afterCommit'>,
  task: TaskFields,
  origin: Origin,
): void {
  signalTaskChange({ signal }, { event: 'task', id: task.id }, task)
  audit({ ...eventOn('task', task.id, task.ownerId, origin), action: 'task.created', after: task })
  afterCommit(() => invalidateAnalytics(deps, [task.ownerId, task.assigneeId]))
}

/** Returns a task. @throws DomainError NOT_FOUND, also when it is not visible to the actor */
export async function getTask({ lookups }: Pick<Deps, 'lookups'>, actor: Actor, id: string): Promise<Task> {
  return existing(await queries.lookUpTask(lookups, id, actor))
}

/**
 * Lists a page of the tasks that are visible to the actor, by number (with a total) or from a cursor on.
 * @throws DomainError VALIDATION_FAILED for a cursor of another order, or none at all
 */
export async function listTasks(
  { reads, clock }: { reads: Reads } & Pick<Deps, 'clock'>,
  actor: Actor,
  query: TaskQuery,
) {
  const { limit, page = 1, cursor } = query
  const order = orderOf(query.sort ?? (query.q === undefined ? 'dueDate' : '-relevance'))
  const after = cursor === undefined ? undefined : decodeCursor(cursor, order)
  const offset = cursor === undefined ? (page - 1) * limit : 0
  const readPage = async (db: Db) => {
    const search = query.q === undefined ? undefined : await parseSearch(db, query.q)
    const filters = { ...query, search, now: clock.now() }
    const [found, total] = await Promise.all([
      list.listTasks(db, actor, filters, { order, after, offset, count: limit + 1 }),
      cursor === undefined ? list.countTasks(db, actor, filters) : undefined,
    ])
    const shown = found.slice(0, limit)
    const last = shown.at(-1)
    const nextCursor =
      last && found.length > limit ? encodeCursor(order, { key: last.sortKey, id: last.task.id }) : null
    return { tasks: shown.map(({ task }) => task), total, nextCursor }
  }
  const { tasks, total, nextCursor } = await reads.read(readPage, async (primary, page) => {
    const visible = await queries.findVisible(
      primary,
      page.tasks.map(({ id }) => id),
      actor,
    )
    return { ...page, tasks: page.tasks.filter(({ id }) => visible.has(id)) }
  })
  if (total === undefined) return { tasks, pagination: cursorPage({ limit, nextCursor }) }
  return { tasks, pagination: numberedPage({ page, limit, total, nextCursor }) }
}

/** Counts the tasks that are visible to the actor by category. */
export const listCategories = (reads: Reads, actor: Actor): Promise<TaskCategory[]> =>
  reads.read((db) => countCategories(db, actor), 'bySession')

/**
 * Changes a task. Completing it completes its reminders and notifies the owner. The assignee is told when
 * the task is assigned to them, taken away or due at another time. A new due date moves the reminders that
 * have an offset. An assignee who is replaced is no longer reminded. A patch that changes nothing writes nothing.
 * @throws DomainError NOT_FOUND, STALE, VALIDATION_FAILED for an assignee who is not an active member of the
 *   organization
 */
export function updateTask(
  deps: Pick<Deps, 'transact' | 'cache' | 'clock'>,
  actor: Actor,
  id: string,
  patch: TaskPatch,
  { isCurrent, origin }: ChangeOptions,
): Promise<Task> {
  return deps.transact(async (tx) => {
    const { trx, audit, afterCommit } = tx
    const now = deps.clock.now()
    const before = existing(await queries.lockTask(trx, id, actor))
    if (!isCurrent(before.version)) throw new DomainError('STALE')
    const changes = changesOf(before, patch, now)
    if (Object.keys(changes).length === 0) return queries.readLockedTask(trx, id, actor)
    if (changes.assigneeId && !(await queries.isMember(trx, changes.assigneeId, before.organizationId))) {
      throw foreignAssignee()
    }
    const after = await queries.updateTask(trx, id, changes, now)
    signalTaskChange(tx, { event: 'task', id }, before, after)
    afterCommit(() => invalidateAnalytics(deps, [after.ownerId, before.assigneeId, after.assigneeId]))
    const isCompleted = Boolean(changes.completedAt)
    const fields = Object.keys(patch) as (keyof TaskPatch)[]
    audit({
      ...eventOn('task', after.id, actor.userId, origin),
      action: isCompleted ? 'task.completed' : 'task.updated',
      before: pick(before, fields),
      after: pick(after, fields),
    })
    await updateReminders(deps, tx, after, changes, now)
    const task = await queries.readLockedTask(trx, id, actor)
    await notifyAboutTasks(tx, noticesOfChange(before, after), { byId: actor.userId, now })
    return task
  })
}

async function updateReminders(
  deps: Pick<Deps, 'cache'>,
  tx: TransactContext,
  { id, completedAt, dueDate }: TaskFields,
  changes: Partial<TaskFields>,
  now: Date,
): Promise<void> {
  if (changes.completedAt) await completeRemindersOfTask(deps, tx, id, now)
  if (changes.assigneeId !== undefined) await cancelUnseenReminders(deps, tx, { taskIds: [id] }, now)
  if (changes.dueDate !== undefined && !completedAt) {
    await moveRemindersOfTask(deps, tx, { id, dueDate: dueDate === null ? null : new Date(dueDate) }, now)
  }
}

/**
 * Deletes a task with its reminders and attachments, and enqueues the deletion of the attachments' bytes.
 * @returns the task as it was
 * @throws DomainError NOT_FOUND, STALE, and FORBIDDEN for an assignee who is neither owner nor organization admin
 */
export function deleteTask(
  deps: Pick<Deps, 'transact' | 'cache' | 'clock'>,
  actor: Actor,
  id: string,
  { isCurrent, origin }: ChangeOptions,
): Promise<Task> {
  return deps.transact(async (tx) => {
    const { trx, audit, afterCommit } = tx
    const task = existing(await queries.lockTask(trx, id, actor))
    if (!canDeleteTask({ owner_id: task.ownerId, organization_id: task.organizationId }, actor)) {
      throw new DomainError('FORBIDDEN', {
        message: 'Only the owner or an organization admin can delete this task.',
      })
    }
    if (!isCurrent(task.version)) throw new DomainError('STALE')
    const deleted = await queries.readLockedTask(trx, id, actor)
    await deleteAttachmentsOf(tx, { taskId: id })
    await deleteRemindersOfTask(deps, tx, id)
    await queries.deleteTask(trx, id)
    signalTaskChange(tx, { event: 'task', id }, task)
    afterCommit(() => invalidateAnalytics(deps, [task.ownerId, task.assigneeId]))
    audit({ ...eventOn('task', task.id, actor.userId, origin), action: 'task.deleted', before: task })
    await notifyAboutTasks(tx, noticeTo(task, 'deleted'), { byId: actor.userId, now: deps.clock.now() })
    return deleted
  })
}

function existing<T>(task: T | undefined): T {
  if (!task) throw new DomainError('NOT_FOUND')
  return task
}

const foreignAssignee = () =>
  new DomainError('VALIDATION_FAILED', {
    details: [detailOf('body.assigneeId', 'NOT_A_MEMBER')],
  })

function newTaskOf(actor: Actor, fields: NewTask, now: Date): TaskFields {
  const createdAt = now.toISOString()
  return {
    id: newId(),
    ownerId: actor.userId,
    assigneeId: fields.assigneeId ?? null,
    organizationId: actor.organizationId,
    title: fields.title,
    description: fields.description ?? null,
    dueDate: fields.dueDate ?? null,
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

/** Returns the fields that the patch changes, and with the status the time of completion. */
function changesOf(before: TaskFields, patch: TaskPatch, now: Date): Partial<TaskFields> {
  const isChange = (field: string, value: unknown) => value !== undefined && value !== before[field as keyof TaskFields]
  const changes: Partial<TaskFields> = Object.fromEntries(
    Object.entries(patch).filter(([field, value]) => isChange(field, value)),
  )
  if (changes.status) changes.completedAt = changes.status === 'completed' ? now.toISOString() : null
  return changes
}

const pick = (task: TaskFields, fields: (keyof TaskPatch)[]) =>
  Object.fromEntries(fields.map((field) => [field, task[field]]))
