import { faultOf } from '@muster/errors'
import { lowerCaseAscii, toAsciiDomain } from '@muster/identifiers'
import { attachment, instant, userSummary } from '@muster/realtime/shapes'
import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { issueOf, rule } from '../../http/errors/details-of-issues.ts'
import { dateTime, id, listOf, queryBoolean, sortBy, text } from '../../http/fields.ts'
import { pageNumber, pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'
import { taskReminder } from '../reminders/reminders.schema.ts'
import { taskStatus as status } from '../task-access/task-access.schema.ts'

export const priorities = ['low', 'medium', 'high'] as const

const priority = z.enum(priorities).meta({ id: 'TaskPriority', description: 'How important a task is.' })
const writtenLink = /^[Hh][Tt][Tt][Pp][Ss]?:\/\/(?![/\\])[^\s\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]+$/u
/** Tells whether the host is an address of IPv6 or a domain; the parser of URLs also takes A-labels that encode nothing. */
const hasUsableHost = ({ hostname }: URL) => hostname.startsWith('[') || toAsciiDomain(hostname) !== undefined
const link = z
  .url({ protocol: /^https?$/, abort: true })
  .max(2_000)
  .refine(
    (link) => writtenLink.test(link) && hasUsableHost(new URL(link)),
    rule('INVALID_URL', { example: 'https://example.org/page' }),
  )

/** The fields of a task's row, the same for all users to whom it is visible. `version` counts their changes. */
const taskFields = z.object({
  id: z.uuid().describe('The id of the task.'),
  ownerId: z.uuid().describe('The user who owns it.'),
  assigneeId: z.uuid().nullable().describe('The user who shall do it.'),
  organizationId: z.uuid().nullable().describe('The organization of its owner.'),
  title: z.string().meta({ description: 'Its title.', examples: ['Water the plants'] }),
  description: z
    .string()
    .nullable()
    .meta({ description: 'What is to be done.', examples: ['The ones at the window.'] }),
  dueDate: instant.nullable().describe('When it is due; null without a due date.'),
  priority: priority.meta({ description: 'How important it is.', examples: ['high'] }),
  category: z
    .string()
    .nullable()
    .meta({ description: 'A category of the user’s own.', examples: ['garden'] }),
  status: status.meta({ description: 'How far it is.', examples: ['todo'] }),
  link: z
    .string()
    .nullable()
    .meta({ description: 'An address that belongs to it.', examples: ['https://example.com/plants'] }),
  completedAt: instant.nullable().meta({ description: 'When it was completed.', examples: [null] }),
  version: z.int().describe('Counts the changes of its fields.'),
  createdAt: instant.describe('When it was created.'),
  updatedAt: instant.describe('When it was last changed.'),
})
export type TaskFields = z.infer<typeof taskFields>

/** A task as every route returns it: with the names of its users, its attachments and the caller's own reminders. */
export const task = taskFields
  .extend({
    owner: userSummary.describe('The name of the owner.'),
    assignee: userSummary.nullable().describe('The name of the assignee.'),
    attachments: z.array(attachment).describe('Its files.'),
    reminders: z.array(taskReminder).describe('The caller’s own reminders.'),
  })
  .meta({ id: 'Task', description: 'A task with the names of its users, its files and the caller’s own reminders.' })
export type Task = z.infer<typeof task>

export const taskParams = z.strictObject({ id: id.describe('The id of the task.') })
export const taskReply = replyOf(z.object({ task }))

const newTaskFields = z.strictObject({
  title: text({ min: 3, max: 200 }).meta({
    description: 'A title of 3 to 200 characters.',
    examples: ['Water the plants'],
  }),
  dueDate: dateTime.nullish().meta({
    description: 'When it is due; left out or null without a due date.',
    examples: ['2030-01-15T09:00:00.000Z'],
  }),
  description: text({ max: 1_000, isMultiline: true })
    .nullish()
    .meta({ description: 'What is to be done, at most 1,000 characters.', examples: ['The ones at the window.'] }),
  priority: priority.default('medium').meta({ description: 'How important it is.', examples: ['high'] }),
  category: text({ min: 1, max: 50 })
    .nullish()
    .meta({ description: 'A category of your own, at most 50 characters.', examples: ['garden'] }),
  status: status.default('todo').describe('How far it is.'),
  link: link
    .nullish()
    .meta({ description: 'An http(s) address that belongs to it.', examples: ['https://example.com/plants'] }),
  assigneeId: id.nullish().describe('A member of the own organization who shall do it.'),
})
export const newTask = newTaskFields.meta({ id: 'NewTask', description: 'A task to create.' })
export type NewTask = z.output<typeof newTask>

export const taskPatch = newTaskFields
  .extend({ priority: priority.describe('How important it is.'), status: status.describe('How far it is.') })
  .partial()
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), rule('NOTHING_TO_CHANGE'))
  .meta({ id: 'TaskPatch', description: 'The fields of a task to change.', examples: [{ status: 'completed' }] })
export type TaskPatch = z.output<typeof taskPatch>

export const sortFields = ['dueDate', 'createdAt', 'updatedAt', 'priority', 'title', 'relevance'] as const
export type SortField = (typeof sortFields)[number]

/** Schema of a user in a list's filter: an id, or a word that stands for the caller or for nobody. */
const userOr = (...words: string[]) =>
  z
    .string()
    .overwrite(lowerCaseAscii)
    .refine(
      (user) => words.includes(user) || id.safeParse(user).success,
      rule('INVALID_FORMAT', { example: words[0] }, `must be the id of a user, or ${words.join(' or ')}`),
    )

/** Numbered pages end here; a cursor continues at the same cost per page. */
const maxOffset = 10_000

export const taskQuery = z
  .strictObject({
    status: listOf(status).optional().describe('Only tasks with one of these statuses.'),
    priority: listOf(priority).optional().describe('Only tasks with one of these priorities.'),
    category: listOf(text({ max: 50 }))
      .optional()
      .meta({
        description: 'Any of these categories; an empty one means tasks without a category.',
        examples: [['garden']],
      }),
    ownerId: listOf(userOr('me'))
      .optional()
      .meta({ description: 'Any of these owners; `me` is the caller.', examples: [['me']] }),
    assigneeId: listOf(userOr('me', 'none'))
      .optional()
      .meta({
        description: 'Any of these assignees; `me` is the caller, `none` means tasks without an assignee.',
        examples: [['me', 'none']],
      }),
    overdue: queryBoolean
      .optional()
      .meta({ description: '`true`: open tasks whose due date has passed; `false`: all others.' }),
    hasDueDate: queryBoolean.optional().meta({ description: '`false`: tasks without a due date; `true`: all others.' }),
    updatedSince: dateTime.optional().meta({
      description: 'Changed at this moment or later, or created. Files, reminders and names do not count as a change.',
    }),
    dueFrom: dateTime
      .optional()
      .meta({ description: 'Due at this moment or later.', examples: ['2030-01-01T00:00:00.000Z'] }),
    dueTo: dateTime
      .optional()
      .meta({ description: 'Due at this moment or earlier.', examples: ['2030-01-31T00:00:00.000Z'] }),
    q: text({ min: 1, max: 200 })
      .optional()
      .meta({
        description: 'Beginnings of words in title or description; quotes, `or` and `-` as in a web search.',
        examples: ['plants'],
      }),
    sort: sortBy(sortFields)
      .optional()
      .meta({
        description:
          'Descending with `-` before the field. Without it: `dueDate`, or `-relevance` with `q`. `relevance` needs `q`.',
        examples: ['dueDate'],
      }),
    page: pageNumber().optional().describe('The number of the page, from 1. Not together with `cursor`.'),
    limit: pageSize(20),
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
    ...rule(
      'BEYOND_LAST_PAGE',
      { max: maxOffset },
      `begins after item ${maxOffset}, where numbered pages end; continue with a cursor`,
    ),
  })
  .superRefine(({ hasDueDate, ...filters }, ctx) => {
    const given = (['overdue', 'dueFrom', 'dueTo'] as const).find((field) => filters[field])
    if (hasDueDate === false && given) ctx.addIssue(issueOf(['hasDueDate'], faultOf('NOT_COMBINABLE', { with: given })))
  })
  .refine(({ dueFrom, dueTo }) => !dueFrom || !dueTo || dueFrom <= dueTo, {
    path: ['dueTo'],
    ...rule('BEFORE', { field: 'dueFrom' }),
  })
export type TaskQuery = z.output<typeof taskQuery>

export const taskListReply = pageReplyOf(
  z.object({ tasks: z.array(task).describe('The tasks.') }).meta({ id: 'TaskList', description: 'Items of the list.' }),
)

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

export const taskCategoriesReply = replyOf(
  z
    .object({ categories: z.array(taskCategory).describe('The categories, the most frequent first.') })
    .meta({ id: 'TaskCategoryList', description: 'Items of the list.' }),
)
