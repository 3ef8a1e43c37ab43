import { faultOf } from '@muster/errors'
import { message } from '@muster/realtime/shapes'
import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { issueOf, rule } from '../../http/errors/details-of-issues.ts'
import { id, queryInteger, text } from '../../http/fields.ts'
import { pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'
import { readEmoji } from './emoji.ts'

export const messageParams = z.strictObject({
  id: id.describe('The id of the chat.'),
  messageId: id.describe('The id of the message.'),
})

export const reactionParams = messageParams.extend({
  emoji: z
    .string()
    .transform((given, ctx) => {
      const emoji = readEmoji(given)
      if (emoji) return emoji
      ctx.addIssue(issueOf([], faultOf('INVALID_FORMAT', { example: '👍' }, 'is not one emoji of at most 32 bytes')))
      return z.NEVER
    })
    .meta({
      description: 'One emoji, in UTF-8 and percent-encoded.',
      examples: ['👍'],
      json: { type: 'string', minLength: 1, maxLength: 32 },
    }),
})

const maxAttachments = 10
const maxMentions = 50
const isWithoutRepetition = (ids: string[]) => new Set(ids).size === ids.length
const ids = (max: number) =>
  z
    .array(id)
    .max(max)
    .refine(isWithoutRepetition, rule('REPEATED', {}, 'names one of them twice'))

const messageText = text({ min: 1, max: 4_000, isMultiline: true })

export const newMessage = z
  .strictObject({
    clientId: id.meta({
      description: 'A UUID of the client. Sending again with the same one is safe: the message is written once.',
    }),
    body: messageText.nullish().meta({
      description: 'The text, at most 4,000 characters. Required without files.',
      examples: ['Good morning!'],
    }),
    replyToId: id.nullish().describe('The message of this chat to which it replies.'),
    attachmentIds: ids(maxAttachments)
      .default([])
      .describe(
        `Files that the caller uploaded to this chat and has not sent yet, at most ${maxAttachments}, in this order.`,
      ),
    mentions: ids(maxMentions).default([]).describe('Members whom it mentions.'),
  })
  .refine(({ body, attachmentIds }) => Boolean(body) || attachmentIds.length > 0, {
    path: ['body'],
    ...rule('REQUIRED', { unless: 'attachmentIds' }),
  })
  .meta({ id: 'NewMessage', description: 'A message to send.' })
export type NewMessage = z.output<typeof newMessage>

export const messagePatch = z
  .strictObject({
    body: messageText
      .nullable()
      .optional()
      .meta({
        description: 'The new text; null removes it from a message with files.',
        examples: ['Good evening!'],
      }),
    mentions: ids(maxMentions).optional().describe('Members whom it mentions then.'),
  })
  .refine(({ body, mentions }) => body !== undefined || mentions !== undefined, rule('NOTHING_TO_CHANGE'))
  .meta({ id: 'MessagePatch', description: 'The fields of a message to change.' })
export type MessagePatch = z.output<typeof messagePatch>

export const messageReply = replyOf(z.object({ message }))

const seq = queryInteger({ min: 0 }).optional()
export const messagesQuery = z
  .strictObject({
    before: seq.meta({ description: 'Only messages with lower numbers: the last ones of them.', examples: [100] }),
    after: seq.meta({
      description: 'Only messages with higher numbers: the first ones of them. Not together with `before`.',
    }),
    limit: pageSize(50),
  })
  .refine(({ before, after }) => before === undefined || after === undefined, {
    path: ['after'],
    ...rule('NOT_COMBINABLE', { with: 'before' }),
  })
export type MessagesQuery = z.output<typeof messagesQuery>

export const messagesReply = replyOf(
  z
    .object({
      messages: z.array(message).describe('The messages, ascending by number.'),
      hasMore: z.boolean().describe('Whether there are more messages in the same direction.'),
    })
    .meta({ id: 'MessageList', description: 'Messages of a chat.' }),
)

export const searchQuery = z.strictObject({
  q: text({ min: 1, max: 200 }).meta({
    description: 'Beginnings of words; quotes, `or` and `-` as in a web search.',
    examples: ['plants'],
  }),
  chatId: id.optional().describe('Only this chat.'),
  limit: pageSize(20),
  cursor: cursorText,
})
export type SearchQuery = z.output<typeof searchQuery>

export const searchReply = pageReplyOf(
  z
    .object({ messages: z.array(message).describe('The messages, the newest first.') })
    .meta({ id: 'FoundMessages', description: 'Messages that a search found.' }),
)

export const readBody = z
  .strictObject({
    seq: z
      .int()
      .min(0)
      .meta({ description: 'The number of the last message that the caller has read.', examples: [1] }),
  })
  .meta({ id: 'ReadPosition', description: 'How far a user has read a chat.' })
export const readReply = replyOf(
  z.object({
    readSeq: z.int().describe('How far the caller has read the chat, on any device.'),
    unreadCount: z.int().describe('Unread messages of others; exact up to 99, 100 stands for more.'),
  }),
)
