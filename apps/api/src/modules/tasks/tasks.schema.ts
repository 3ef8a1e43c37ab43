import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { rule } from '../../http/errors/details-of-issues.ts'
import { dateTime, id, listOf, queryInteger, text } from '../../http/fields.ts'
import { instant, pageReplyOf, replyOf } from '../../http/reply.ts'
import { userSummary } from '../accounts/accounts.schema.ts'
import { attachment } from '../attachments/attachments.schema.ts'
import { taskReminder } from '../reminders/reminders.schema.ts'
import { taskStatus as status } from '../task-access/task-access.schema.ts'

export const priorities = ['low', 'medium', 'high'] as const

const priority = z.enum(priorities)
const writtenLink = /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s\p{Cc}\p{Cs}]+$/u
const link = z
  .url({ protocol: /^https?$/, abort: true })
  .max(2_000)
  .refine((link) => writtenLink.test(link), rule('INVALID_URL', { example: 'https://example.org/page' }))

/** The fields of a task's row, the same for all users to whom it is visible. `version` counts their changes. */
const taskFields = z.object({
  id: z.uuid(),
  ownerId: z.uuid(),
  assigneeId: z.uuid().nullable(),
  organizationId: z.uuid().nullable(),
  title: z.string(),
  description: z.string().nullable(),
  dueDate: instant.nullable(),
  priority,
  category: z.string().nullable(),
  status,
  link: z.string().nullable(),
  completedAt: instant.nullable(),
  version: z.int(),
  createdAt: instant,
  updatedAt: instant,
})
export type TaskFields = z.infer<typeof taskFields>

/** A task as every route returns it: with the names of its users, its attachments and the caller's own reminders. */
export const task = taskFields
  .extend({
    owner: userSummary,
    assignee: userSummary.nullable(),
    attachments: z.array(attachment),
    reminders: z.array(taskReminder),
  })
  .meta({ id: 'Task' })
export type Task = z.infer<typeof task>

export const taskParams = z.strictObject({ id })
export const taskReply = replyOf(z.object({ task }))

export const newTask = z.strictObject({
  title: text({ min: 3, max: 200 }),
  dueDate: dateTime.nullish(),
  description: text({ max: 1_000, isMultiline: true }).nullish(),
  priority: priority.default('medium'),
  category: text({ min: 1, max: 50 }).nullish(),
  status: status.default('todo'),
  link: link.nullish(),
  assigneeId: id.nullish(),
})
export type NewTask = z.output<typeof newTask>

export const taskPatch = newTask
  .extend({ priority, status })
  .partial()
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), rule('NOTHING_TO_CHANGE'))
export type TaskPatch = z.output<typeof taskPatch>

export const sortFields = ['dueDate', 'createdAt', 'priority', 'title', 'relevance'] as const
export type SortField = (typeof sortFields)[number]
const sorts = sortFields.flatMap((field) => [field, `+${field}`, `-${field}`] as const)

/** Numbered pages end here; a cursor continues at the same cost per page. */
const maxOffset = 10_000

export const taskQuery = z
  .strictObject({
    status: listOf(status).optional(),
    priority: listOf(priority).optional(),
    category: listOf(text({ min: 1, max: 50 })).optional(),
    assigneeId: listOf(id).optional(),
    dueFrom: dateTime.optional().meta({ description: 'Due at this moment or later' }),
    dueTo: dateTime.optional().meta({ description: 'Due at this moment or earlier' }),
    /** Beginnings of words in title or description; quotes, `or` and `-` as in a web search. */
    q: text({ min: 1, max: 200 }).optional(),
    /** `+` (a space, when it is not encoded) or nothing: ascending; `-`: descending. `dueDate`, and `-relevance` with `q`. */
    sort: z
      .string()
      .trim()
      .pipe(z.enum(sorts))
      .optional()
      .meta({ description: `One of ${sortFields.join(', ')}; descending with - before it` }),
    page: queryInteger({ min: 1 }).optional(),
    limit: queryInteger({ min: 1, max: 100 }).default(20),
    cursor: cursorText,
  })
  .refine(({ page, cursor }) => page === undefined || cursor === undefined, {
    path: ['cursor'],
    ...rule('NOT_COMBINABLE', { with: 'page' }),
  })
  .refine(({ sort, q }) => q !== undefined || !sort?.endsWith('relevance'), {
    path: ['sort'],
    ...rule('NEEDS', { field: 'q' }, 'sorts by relevance, which needs q'),
  })
  .refine(({ page = 1, limit }) => (page - 1) * limit <= maxOffset, {
    path: ['page'],
    ...rule('BEYOND_LAST_PAGE', { max: maxOffset, hint: 'continue with a cursor' }),
  })
  .refine(({ dueFrom, dueTo }) => !dueFrom || !dueTo || dueFrom <= dueTo, {
    path: ['dueTo'],
    ...rule('BEFORE', { field: 'dueFrom' }),
  })
export type TaskQuery = z.output<typeof taskQuery>

export const taskListReply = pageReplyOf(z.object({ tasks: z.array(task) }))
