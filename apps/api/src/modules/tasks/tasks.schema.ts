import { lowerCaseAscii } from '@muster/identifiers'
import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { rule } from '../../http/errors/details-of-issues.ts'
import { dateTime, id, listOf, queryBoolean, queryInteger, text } from '../../http/fields.ts'
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

export const sortFields = ['dueDate', 'createdAt', 'updatedAt', 'priority', 'title', 'relevance'] as const
export type SortField = (typeof sortFields)[number]
const sorts = sortFields.flatMap((field) => [field, `+${field}`, `-${field}`] as const)

/** Schema of a user in a list's filter: an id, or a word that stands for the caller or for nobody. */
const userOr = (...words: string[]) =>
  z
    .string()
    .overwrite(lowerCaseAscii)
    .refine(
      (user) => words.includes(user) || id.safeParse(user).success,
      rule('INVALID_FORMAT', { example: words.join(',') }, `must be the id of a user, or ${words.join(' or ')}`),
    )

/** Numbered pages end here; a cursor continues at the same cost per page. */
const maxOffset = 10_000

export const taskQuery = z
  .strictObject({
    status: listOf(status).optional(),
    priority: listOf(priority).optional(),
    category: listOf(text({ max: 50 }))
      .optional()
      .meta({ description: 'Any of these categories; an empty one means tasks without a category.' }),
    ownerId: listOf(userOr('me')).optional().meta({ description: 'Any of these owners; `me` is the caller.' }),
    assigneeId: listOf(userOr('me', 'none'))
      .optional()
      .meta({ description: 'Any of these assignees; `me` is the caller, `none` means tasks without an assignee.' }),
    overdue: queryBoolean
      .optional()
      .meta({ description: '`true`: open tasks whose due date has passed; `false`: all others.' }),
    hasDueDate: queryBoolean.optional().meta({ description: '`false`: tasks without a due date; `true`: all others.' }),
    updatedSince: dateTime.optional().meta({
      description: 'Changed at this moment or later, or created. Files, reminders and names do not count as a change.',
    }),
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
  .refine(({ hasDueDate, overdue, dueFrom, dueTo }) => hasDueDate !== false || !(overdue || dueFrom || dueTo), {
    path: ['hasDueDate'],
    ...rule('NOT_COMBINABLE', { with: 'overdue, dueFrom or dueTo' }),
  })
  .refine(({ dueFrom, dueTo }) => !dueFrom || !dueTo || dueFrom <= dueTo, {
    path: ['dueTo'],
    ...rule('BEFORE', { field: 'dueFrom' }),
  })
export type TaskQuery = z.output<typeof taskQuery>

export const taskListReply = pageReplyOf(z.object({ tasks: z.array(task) }))

/** The categories of the tasks that are visible to the caller. */
const taskCategory = z
  .object({
    category: z
      .string()
      .nullable()
      .meta({ description: 'Null for the tasks without a category.', examples: ['Work'] }),
    count: z
      .int()
      .min(1)
      .meta({ description: 'The number of tasks of this category.', examples: [3] }),
  })
  .meta({ id: 'TaskCategory', description: 'A category, and how many visible tasks it has.' })
export type TaskCategory = z.infer<typeof taskCategory>

export const taskCategoriesReply = replyOf(z.object({ categories: z.array(taskCategory) }))
