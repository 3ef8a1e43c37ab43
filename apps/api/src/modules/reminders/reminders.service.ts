import { invalidateAnalytics } from '@muster/cache'
import { newId, type Trx } from '@muster/db'
import { DomainError, invalid } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { eventOn } from '../../http/event-on.ts'
import { claimOrReplay, type Idempotency, replayedResourceDeleted } from '../../http/idempotency.ts'
import { cursorPage } from '../../http/pagination.ts'
import type { Reads } from '../../http/reads/reads.ts'
import { getVisibleTask, lockVisibleTask } from '../task-access/task-access.service.ts'
import { decodeCursor, encodeCursor, orderOf } from './reminder-cursor.ts'
import * as queries from './reminders.queries.ts'
import type { NewReminder, Reminder, ReminderPatch, ReminderQuery, TaskReminder } from './reminders.schema.ts'

type Schedule = Pick<NewReminder, 'scheduledAt' | 'offsetMinutes'>

const minuteMs = 60_000

/**
 * Creates a reminder for the actor on a task that is visible to them. The same idempotency key and body return the same
 * reminder again.
 * @throws DomainError NOT_FOUND, CONFLICT for a completed task or when the reminder created with the key has been deleted
 *   since, VALIDATION_FAILED for a time that has passed, IDEMPOTENCY_MISMATCH
 */
export function createReminder(
  { transact, cache, clock }: Pick<Deps, 'transact' | 'cache' | 'clock'>,
  actor: Actor,
  fields: NewReminder,
  { idempotency, origin }: { idempotency: Idempotency | undefined; origin: Origin },
): Promise<Reminder> {
  return transact(async ({ trx, audit, afterCommit }) => {
    const now = clock.now()
    const id = newId()
    const replayedId = await claimOrReplay(trx, idempotency, { actorId: actor.userId, resourceId: id, now })
    if (replayedId) {
      const replayed = await queries.findReminder(trx, replayedId, actor)
      if (!replayed) throw replayedResourceDeleted()
      return replayed
    }
    const scheduledAt = await futureTime(trx, actor, fields.taskId, fields, now)
    const reminder = await queries.insertReminder(trx, actor, newReminderOf({ id, scheduledAt }, fields, now))
    audit({ ...eventOn('reminder', id, actor.userId, origin), action: 'reminder.created', after: ownFields(reminder) })
    afterCommit(() => invalidateAnalytics({ cache }, [actor.userId]))
    return reminder
  })
}

/** Returns a reminder of the actor. @throws DomainError NOT_FOUND, also for a reminder of another user */
export async function getReminder({ lookups }: Pick<Deps, 'lookups'>, actor: Actor, id: string): Promise<Reminder> {
  return ownOrThrow(await queries.findReminder(lookups, id, actor))
}

/** Lists the actor's reminders. @throws DomainError VALIDATION_FAILED for an invalid cursor or one of another order */
export async function listReminders(reads: Reads, actor: Actor, query: ReminderQuery) {
  const { sort, limit, cursor, ...filters } = query
  const order = orderOf(sort)
  const after = cursor === undefined ? undefined : decodeCursor(cursor, order)
  const found = await reads.read(
    (db) => queries.listReminders(db, actor, { ...filters, order, after, count: limit + 1 }),
    'bySession',
  )
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const nextCursor = last && found.length > limit ? encodeCursor(order, last) : null
  return { reminders: shown, pagination: cursorPage({ limit, nextCursor }) }
}

/** Lists the actor's reminders of one task. @throws DomainError NOT_FOUND when the task is not visible to the actor */
export async function listRemindersOfTask({ db }: Pick<Deps, 'db'>, actor: Actor, taskId: string): Promise<Reminder[]> {
  await getVisibleTask(db, taskId, actor)
  return queries.listRemindersOfTask(db, taskId, actor)
}

/**
 * Changes, completes or cancels a reminder of the actor. A pending reminder can be moved; moving a failed one makes it
 * pending again. Only a pending or sent reminder can be completed or cancelled.
 * @throws DomainError NOT_FOUND, CONFLICT, VALIDATION_FAILED for a time that has passed
 */
export function updateReminder(
  { transact, cache, clock }: Pick<Deps, 'transact' | 'cache' | 'clock'>,
  actor: Actor,
  id: string,
  patch: ReminderPatch,
  { origin }: { origin: Origin },
): Promise<Reminder> {
  return transact(async ({ trx, audit, afterCommit }) => {
    const now = clock.now()
    // Locks the task before its reminder, as completing a task does; the other order could deadlock.
    const { taskId } = ownOrThrow(await queries.findReminder(trx, id, actor))
    const moved = isSchedule(patch) ? await movedTo(trx, actor, taskId, patch, now) : {}
    const before = ownOrThrow(await queries.lockReminder(trx, id, actor))
    if (isSchedule(patch)) assertStatus(before, ['pending', 'failed'])
    if (patch.status && patch.status !== before.status) assertStatus(before, ['pending', 'sent'])
    const changes = { ...moved, ...plainChanges(before, patch) }
    const after = ownOrThrow(await queries.updateReminder(trx, id, { actor, changes }, now))
    audit({
      ...eventOn('reminder', id, actor.userId, origin),
      action: patch.status ? `reminder.${patch.status}` : 'reminder.updated',
      before: ownFields(before),
      after: ownFields(after),
    })
    afterCommit(() => invalidateAnalytics({ cache }, [actor.userId]))
    return after
  })
}

/** Deletes a reminder of the actor. @returns the reminder as it was @throws DomainError NOT_FOUND */
export function deleteReminder(
  { transact, cache }: Pick<Deps, 'transact' | 'cache'>,
  actor: Actor,
  id: string,
  { origin }: { origin: Origin },
): Promise<Reminder> {
  return transact(async ({ trx, audit, afterCommit }) => {
    const before = ownOrThrow(await queries.lockReminder(trx, id, actor))
    await queries.deleteReminder(trx, id)
    audit({ ...eventOn('reminder', id, actor.userId, origin), action: 'reminder.deleted', before: ownFields(before) })
    afterCommit(() => invalidateAnalytics({ cache }, [actor.userId]))
    return before
  })
}

/** Returns the reminder without its task, as the audit log records it. */
const ownFields = ({ task: _, ...fields }: Reminder): TaskReminder => fields

function ownOrThrow(reminder: Reminder | undefined): Reminder {
  if (!reminder) throw new DomainError('NOT_FOUND')
  return reminder
}

const newReminderOf = (
  { id, scheduledAt }: Pick<Reminder, 'id' | 'scheduledAt'>,
  fields: NewReminder,
  now: Date,
): TaskReminder => ({
  id,
  taskId: fields.taskId,
  scheduledAt,
  offsetMinutes: fields.offsetMinutes ?? null,
  type: fields.type,
  message: fields.message ?? null,
  status: 'pending',
  late: false,
  sentAt: null,
  createdAt: now.toISOString(),
})

const isSchedule = ({ scheduledAt, offsetMinutes }: Schedule) => (scheduledAt ?? offsetMinutes) !== undefined

/**
 * Returns the time at which a reminder of this task would fire. The lock keeps the task open and its due date unchanged
 * until the transaction ends.
 * @throws DomainError NOT_FOUND, CONFLICT for a completed task, VALIDATION_FAILED for a time that has passed, or an offset
 *   from a due date that the task does not have
 */
async function futureTime(trx: Trx, actor: Actor, taskId: string, schedule: Schedule, now: Date): Promise<string> {
  const task = await lockVisibleTask(trx, taskId, actor, 'There is no such task, or you may not see it.')
  if (task.status === 'completed') throw new DomainError('CONFLICT', { message: 'This task is completed.' })
  const time = timeOf(schedule, task.due_date)
  if (time > now) return time.toISOString()
  throw schedule.scheduledAt
    ? invalid('body.scheduledAt', 'IN_THE_PAST', { example: inAnHour(now) })
    : invalid('body.offsetMinutes', 'IN_THE_PAST', {}, 'leads to a time that has passed')
}

/** @throws DomainError VALIDATION_FAILED for an offset from a due date that the task does not have */
function timeOf({ scheduledAt, offsetMinutes = 0 }: Schedule, dueDate: Date | null): Date {
  if (scheduledAt) return new Date(scheduledAt)
  if (dueDate) return new Date(dueDate.getTime() - offsetMinutes * minuteMs)
  const message = 'counts back from the due date, which this task does not have; give scheduledAt'
  throw invalid('body.offsetMinutes', 'NEEDS', { field: 'dueDate' }, message)
}

const inAnHour = (now: Date) => new Date(now.getTime() + 60 * minuteMs).toISOString()

const movedTo = async (trx: Trx, actor: Actor, taskId: string, patch: ReminderPatch, now: Date) => ({
  scheduledAt: await futureTime(trx, actor, taskId, patch, now),
  offsetMinutes: patch.offsetMinutes ?? null,
  status: 'pending' as const,
})

const plainChanges = (before: Reminder, { type, message, status }: ReminderPatch) => ({
  ...(type && { type }),
  ...(message !== undefined && { message }),
  ...(status && status !== before.status && { status }),
})

function assertStatus({ status }: Reminder, allowed: Reminder['status'][]): void {
  if (!allowed.includes(status)) throw new DomainError('CONFLICT', { message: `This reminder is ${status}.` })
}
