import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { rule } from '../../http/errors/details-of-issues.ts'
import { dateTime, id, listOf, queryInteger, text } from '../../http/fields.ts'
import { instant, pageReplyOf, replyOf } from '../../http/reply.ts'
import { taskSummary } from '../task-access/task-access.schema.ts'

export const reminderStatuses = ['pending', 'sent', 'completed', 'cancelled', 'failed'] as const
const type = z.enum(['email', 'push', 'both'])
const status = z.enum(reminderStatuses)
const maxOffsetMinutes = 366 * 24 * 60

/** A reminder as its task carries it. Visible to its user alone. */
export const taskReminder = z
  .object({
    id: z.uuid(),
    taskId: z.uuid(),
    scheduledAt: instant,
    /** Minutes before the task's due date, which the reminder follows; null for a reminder with a time of its own. */
    offsetMinutes: z.int().nullable(),
    type,
    message: z.string().nullable(),
    status,
    /** Whether it was sent after its time, because Muster was not running then or the due date moved. */
    late: z.boolean(),
    sentAt: instant.nullable(),
    createdAt: instant,
  })
  .meta({ id: 'TaskReminder' })
export type TaskReminder = z.infer<typeof taskReminder>

/** A reminder with its task, which is null when it is no longer visible to the reminder's user. */
export const reminder = taskReminder.extend({ task: taskSummary.nullable() }).meta({ id: 'Reminder' })
export type Reminder = z.infer<typeof reminder>

const fields = z.strictObject({
  scheduledAt: dateTime.optional(),
  offsetMinutes: z.int().min(0).max(maxOffsetMinutes).optional(),
  type: type.default('both'),
  message: text({ max: 500, isMultiline: true }).nullish(),
})

export const newReminder = fields
  .extend({ taskId: id })
  .refine(({ scheduledAt, offsetMinutes }) => (scheduledAt === undefined) !== (offsetMinutes === undefined), {
    path: ['scheduledAt'],
    ...rule('NEEDS', { field: 'scheduledAt or offsetMinutes' }, 'give either scheduledAt or offsetMinutes'),
  })
export type NewReminder = z.output<typeof newReminder>

export const reminderPatch = fields
  .extend({ type: type.optional(), status: z.enum(['completed', 'cancelled']).optional() })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), rule('NOTHING_TO_CHANGE'))
  .refine(({ scheduledAt, offsetMinutes }) => scheduledAt === undefined || offsetMinutes === undefined, {
    path: ['scheduledAt'],
    ...rule('NOT_COMBINABLE', { with: 'offsetMinutes' }),
  })
  .refine(({ status, scheduledAt, offsetMinutes }) => !status || (scheduledAt ?? offsetMinutes) === undefined, {
    path: ['status'],
    ...rule('NOT_COMBINABLE', { with: 'scheduledAt' }, 'cannot be combined with a new time'),
  })
export type ReminderPatch = z.output<typeof reminderPatch>

export const reminderParams = z.strictObject({ id })

export const reminderSortFields = ['scheduledAt', 'createdAt'] as const
export type ReminderSortField = (typeof reminderSortFields)[number]
const sorts = reminderSortFields.flatMap((field) => [field, `+${field}`, `-${field}`] as const)

export const reminderQuery = z.strictObject({
  status: listOf(status).optional(),
  taskId: id.optional().meta({ description: 'Only the reminders of this task.' }),
  /** `+` (a space, when it is not encoded) or nothing: ascending; `-`: descending. */
  sort: z
    .string()
    .trim()
    .pipe(z.enum(sorts))
    .default('scheduledAt')
    .meta({ description: `One of ${reminderSortFields.join(', ')}; descending with - before it` }),
  limit: queryInteger({ min: 1, max: 100 }).default(20),
  cursor: cursorText,
})
export type ReminderQuery = z.output<typeof reminderQuery>

export const reminderReply = replyOf(z.object({ reminder }))
export const remindersReply = replyOf(z.object({ reminders: z.array(reminder) }))
export const reminderPageReply = pageReplyOf(z.object({ reminders: z.array(reminder) }))
