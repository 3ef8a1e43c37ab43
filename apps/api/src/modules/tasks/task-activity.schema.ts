import { instant, userSummary } from '@muster/realtime/shapes'
import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { pageSize } from '../../http/pagination.ts'
import { pageReplyOf } from '../../http/reply.ts'

/** The fields whose values are told beside their change. Of the others, later viewers need not know what once stood there. */
export const toldFields = ['status', 'priority', 'dueDate', 'assignee'] as const
const changedFields = [...toldFields, 'title', 'description', 'category', 'link'] as const

const value = (description: string) =>
  z
    .string()
    .nullable()
    .optional()
    .meta({ description, examples: ['todo'] })

const taskChange = z
  .object({
    field: z.enum(changedFields).meta({ description: 'The field that changed.', examples: ['status'] }),
    before: value(
      'Its value before; of `assignee` the name. Left out for `title`, `description`, `category` and `link`.',
    ),
    after: value('Its value after, in the same way.'),
  })
  .meta({ id: 'TaskChange', description: 'A change of one field of a task.' })
export type TaskChange = z.infer<typeof taskChange>

const taskActivity = z
  .object({
    id: z.uuid().describe('The id of the event.'),
    event: z
      .enum(['created', 'changed', 'completed', 'reopened', 'fileAdded'])
      .meta({ description: 'What happened.', examples: ['completed'] }),
    actor: userSummary
      .nullable()
      .describe('Who did it; null for somebody who does not belong to the organization of the task any more.'),
    changes: z.array(taskChange).describe('The fields that changed; none for `created` and `fileAdded`.'),
    filename: z
      .string()
      .nullable()
      .meta({ description: 'The name of the file that was added; null for the other events.', examples: [null] }),
    createdAt: instant.describe('When it happened.'),
  })
  .meta({ id: 'TaskActivity', description: 'Something that happened to a task.' })
export type TaskActivity = z.infer<typeof taskActivity>

export const taskActivityQuery = z.strictObject({ limit: pageSize(50), cursor: cursorText })
export type TaskActivityQuery = z.output<typeof taskActivityQuery>

export const taskActivityReply = pageReplyOf(
  z
    .object({ activity: z.array(taskActivity).describe('What happened, the newest first.') })
    .meta({ id: 'TaskActivityList', description: 'Items of the list.' }),
)
