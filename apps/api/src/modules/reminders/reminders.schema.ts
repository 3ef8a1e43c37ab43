import { faultOf } from '@muster/errors'
import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { issueOf, rule } from '../../http/errors/details-of-issues.ts'
import { dateTime, id, listOf, sortBy, text } from '../../http/fields.ts'
import { pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'
import { taskSummary } from '../task-access/task-access.schema.ts'

export const reminderStatuses = ['pending', 'sent', 'completed', 'cancelled', 'failed'] as const
const type = z
  .enum(['email', 'push', 'both'])
  .meta({ id: 'ReminderType', description: 'The channels of a reminder; `push` is a notification in the app.' })
const status = z.enum(reminderStatuses).meta({ id: 'ReminderStatus', description: 'What became of a reminder.' })
const maxOffsetMinutes = 366 * 24 * 60

/** A reminder as its task carries it. Visible to its user alone. */
export const taskReminder = z
  .object({
    id: z.uuid().describe('The id of the reminder.'),
    taskId: z.uuid().describe('The task.'),
    scheduledAt: instant.describe('When it is sent.'),
    offsetMinutes: z
      .int()
      .nullable()
      .meta({
        description:
          'Minutes before the task’s due date, which the reminder follows; null for a reminder with a time of its own.',
        examples: [30],
      }),
    type: type.describe('Its channels.'),
    message: z
      .string()
      .nullable()
      .meta({ description: 'A text of the user’s own.', examples: ['Bring the key.'] }),
    status: status.describe('What became of it.'),
    late: z.boolean().meta({
      description: 'Whether it was sent after its time, because Muster was not running then or the due date moved.',
      examples: [false],
    }),
    sentAt: instant.nullable().meta({ description: 'When it was sent.', examples: [null] }),
    createdAt: instant.describe('When it was created.'),
  })
  .meta({ id: 'TaskReminder', description: 'A reminder beside its task.' })
export type TaskReminder = z.infer<typeof taskReminder>

/** A reminder with its task, which is null when it is no longer visible to the reminder's user. */
export const reminder = taskReminder
  .extend({ task: taskSummary.nullable().describe('The task; null when the user no longer sees it.') })
  .meta({ id: 'Reminder', description: 'A reminder of a task, visible to its user alone.' })
export type Reminder = z.infer<typeof reminder>

const fields = z.strictObject({
  scheduledAt: dateTime.optional().describe('When to send it; or send `offsetMinutes`.'),
  offsetMinutes: z
    .int()
    .min(0)
    .max(maxOffsetMinutes)
    .optional()
    .describe('Minutes before the due date of the task, which the reminder then follows.'),
  type: type.default('both').describe('Its channels.'),
  message: text({ max: 500, isMultiline: true })
    .nullish()
    .meta({ description: 'A text to send with it.', examples: ['Bring the key.'] }),
})

type Times = { scheduledAt?: string | undefined; offsetMinutes?: number | undefined }
const hasOneTime = ({ scheduledAt, offsetMinutes }: Times) => scheduledAt === undefined || offsetMinutes === undefined
const twoTimes = { path: ['scheduledAt'], ...rule('NOT_COMBINABLE', { with: 'offsetMinutes' }) }

export const newReminder = fields
  .extend({ taskId: id.describe('The task to be reminded of.') })
  .refine(({ scheduledAt, offsetMinutes }) => scheduledAt !== undefined || offsetMinutes !== undefined, {
    path: ['scheduledAt'],
    ...rule('REQUIRED', { unless: 'offsetMinutes' }),
  })
  .refine(hasOneTime, twoTimes)
  .meta({
    id: 'NewReminder',
    description: 'A reminder to create.',
    examples: [{ taskId: '01980f3a-0000-7000-8000-000000000001', scheduledAt: '2030-01-15T08:30:00.000Z' }],
  })
export type NewReminder = z.output<typeof newReminder>

export const reminderPatch = fields
  .extend({
    type: type.optional(),
    status: z.enum(['completed', 'cancelled']).optional().describe('Completes or cancels it.'),
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), rule('NOTHING_TO_CHANGE'))
  .refine(hasOneTime, twoTimes)
  .superRefine(({ status, ...times }, ctx) => {
    const given = (['scheduledAt', 'offsetMinutes'] as const).find((field) => times[field] !== undefined)
    if (status && given) ctx.addIssue(issueOf(['status'], faultOf('NOT_COMBINABLE', { with: given })))
  })
  .meta({ id: 'ReminderPatch', description: 'What to change of a reminder.', examples: [{ status: 'completed' }] })
export type ReminderPatch = z.output<typeof reminderPatch>

export const reminderParams = z.strictObject({ id: id.describe('The id of the reminder.') })
export const taskOfRemindersParams = z.strictObject({ id: id.describe('The id of the task.') })

export const reminderSortFields = ['scheduledAt', 'createdAt'] as const
export type ReminderSortField = (typeof reminderSortFields)[number]

export const reminderQuery = z
  .strictObject({
    status: listOf(status).optional().describe('Only reminders in these states.'),
    taskId: id.optional().describe('Only the reminders of this task.'),
    from: dateTime.optional().describe('Only reminders whose `scheduledAt` is at this moment or later.'),
    to: dateTime.optional().describe('Only reminders whose `scheduledAt` is at this moment or earlier.'),
    sort: sortBy(reminderSortFields)
      .default('scheduledAt')
      .meta({ description: 'Descending with `-` before the field.', examples: ['scheduledAt'] }),
    limit: pageSize(20),
    cursor: cursorText,
  })
  .refine(({ from, to }) => !from || !to || from <= to, { path: ['to'], ...rule('BEFORE', { field: 'from' }) })
export type ReminderQuery = z.output<typeof reminderQuery>

export const reminderReply = replyOf(z.object({ reminder }))
const reminderList = z
  .object({ reminders: z.array(reminder).describe('The reminders, by their time.') })
  .meta({ id: 'ReminderList', description: 'Reminders of the caller.' })
export const remindersReply = replyOf(reminderList)
export const reminderPageReply = pageReplyOf(reminderList)
