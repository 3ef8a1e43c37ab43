import { message } from '@muster/realtime/shapes'
import { z } from 'zod'
import { rule } from '../../http/errors/details-of-issues.ts'
import { id, queryInteger, text } from '../../http/fields.ts'
import { pageSize } from '../../http/pagination.ts'
import { replyOf } from '../../http/reply.ts'

const maxAttachments = 10
const maxMentions = 50
const isWithoutRepetition = (ids: string[]) => new Set(ids).size === ids.length
const ids = (max: number) => z.array(id).max(max).refine(isWithoutRepetition, rule('REPEATED')).default([])

export const messageText = text({ min: 1, max: 4_000, isMultiline: true })

export const mentionedIds = ids(maxMentions)

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
    attachmentIds: ids(maxAttachments).describe(
      `Files that the caller uploaded to this chat and has not sent yet, at most ${maxAttachments}, in this order.`,
    ),
    mentions: mentionedIds.describe('Members whom it mentions.'),
  })
  .refine(({ body, attachmentIds }) => Boolean(body) || attachmentIds.length > 0, {
    path: ['body'],
    ...rule('REQUIRED', { unless: 'attachmentIds' }),
  })
  .meta({ id: 'NewMessage', description: 'A message to send.' })
export type NewMessage = z.output<typeof newMessage>

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
