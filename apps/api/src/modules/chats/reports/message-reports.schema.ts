import { chatKind, instant, userSummary } from '@muster/realtime/shapes'
import { z } from 'zod'
import { cursorText } from '../../../http/cursor.ts'
import { text } from '../../../http/fields.ts'
import { pageSize } from '../../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../../http/reply.ts'

export const newReport = z
  .strictObject({
    reason: text({ min: 1, max: 1_000, isMultiline: true }).meta({
      description: 'What is wrong with the message, at most 1,000 characters.',
      examples: ['It insults another member.'],
    }),
  })
  .meta({ id: 'NewMessageReport', description: 'A report of a message.' })

const created = z
  .object({
    id: z.uuid().describe('The id of the report.'),
    createdAt: instant.describe('When the message was reported.'),
  })
  .meta({ id: 'CreatedMessageReport', description: 'The report of the caller.' })
export const reportReply = replyOf(z.object({ report: created }))

const messageReport = z
  .object({
    ...created.shape,
    reason: z.string().meta({ description: 'What the reporter wrote.', examples: ['It insults another member.'] }),
    reporter: userSummary.describe('Who reported the message.'),
    chat: z
      .object({
        id: z.uuid().describe('The id of the chat.'),
        kind: chatKind.describe('Whether it is of two users or a group.'),
        name: z
          .string()
          .nullable()
          .meta({ description: 'The name of a group; null in a direct chat.', examples: ['Garden'] }),
        organizationId: z.uuid().nullable().describe('The organization of the group; null for others.'),
      })
      .describe('Where it was written.'),
    message: z
      .object({
        id: z.uuid().describe('The id of the message.'),
        seq: z.int().meta({ description: 'Its number in the chat.', examples: [17] }),
        sender: userSummary.describe('Its sender.'),
        body: z
          .string()
          .nullable()
          .meta({
            description: 'Its text as it is now; null without one or after deletion.',
            examples: ['Something rude'],
          }),
        filenames: z.array(z.string()).meta({ description: 'The names of its files.', examples: [['plan.webp']] }),
        editedAt: instant.nullable().describe('When its text was last changed; null when never.'),
        deletedAt: instant.nullable().describe('When it was deleted; null when it was not.'),
        createdAt: instant.describe('When it was sent.'),
      })
      .describe('The message as it is now.'),
  })
  .meta({ id: 'MessageReport', description: 'A report of a message, for administrators.' })
export type MessageReport = z.infer<typeof messageReport>

export const reportsQuery = z.strictObject({ limit: pageSize(20), cursor: cursorText })
export type ReportsQuery = z.output<typeof reportsQuery>
export const reportsReply = pageReplyOf(
  z
    .object({ reports: z.array(messageReport).describe('The reports, the newest first.') })
    .meta({ id: 'MessageReportList', description: 'Items of the list.' }),
)
