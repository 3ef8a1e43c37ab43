import { chatChange } from '@muster/realtime/events'
import { chat } from '@muster/realtime/shapes'
import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { dateTime, id, queryBoolean, queryInteger, text } from '../../http/fields.ts'
import { pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'
import { maxMembers } from './chat-members.ts'

export const chatParams = z.strictObject({ id: id.describe('The id of the chat.') })

export const groupName = text({ min: 1, max: 100 })

const newDirectChat = z.strictObject({
  type: z.literal('direct').describe('A chat of two users.'),
  userId: id.describe('The other user: a friend, or a member of the own organization.'),
})
const newGroup = z.strictObject({
  type: z.literal('group').describe('A chat of several users.'),
  name: groupName.meta({ description: 'The name of the group, at most 100 characters.', examples: ['Garden'] }),
  memberIds: z
    .array(id)
    .max(maxMembers - 1)
    .describe('The other members: friends, and members of the own organization. The caller becomes its admin.'),
  organizationId: id.nullish().describe('The own organization, when only its members shall be able to join.'),
})
export const newChat = z
  .discriminatedUnion('type', [newDirectChat, newGroup])
  .meta({ id: 'NewChat', description: 'A chat to create.' })
export type NewChat = z.output<typeof newChat>
export type NewGroup = z.output<typeof newGroup>

export const chatReply = replyOf(z.object({ chat }))

export const chatQuery = z.strictObject({
  archived: z
    .union([queryBoolean, z.literal('any')])
    .default(false)
    .describe('`true` lists the archived chats, `any` all of them, otherwise the others.'),
  limit: pageSize(20),
  cursor: cursorText,
})
export type ChatQuery = z.output<typeof chatQuery>

export const chatListReply = pageReplyOf(
  z.object({ chats: z.array(chat).describe('The chats.') }).meta({ id: 'ChatList', description: 'Items of the list.' }),
)

export const mute = z
  .strictObject({
    until: dateTime.nullish().describe('When the muting ends; left out or null for ever.'),
    mutesMentions: z.boolean().default(false).describe('Whether mentions are muted too.'),
  })
  .meta({ id: 'Mute', description: 'How long a chat is muted.' })
export type Mute = z.output<typeof mute>

export const changesQuery = z.strictObject({
  after: queryInteger({ min: 0 })
    .default(0)
    .meta({ description: 'The number of the latest change that the caller has.', examples: [17] }),
  limit: queryInteger({ min: 1, max: 1_000 }).default(100).describe('The maximum number of changes.'),
})
export type ChangesQuery = z.output<typeof changesQuery>

const changes = z
  .object({
    latest: z.int().meta({
      description:
        'The number of the latest change of the chat. The caller is current when no change is missing up to it.',
      examples: [18],
    }),
    hasMore: z.boolean().describe('Whether later changes did not fit: ask again after the last one.'),
    resync: z
      .boolean()
      .describe(
        'Whether to fetch the chat anew: `after` lies before the caller joined again, or behind the latest change, as after a restored backup.',
      ),
    changes: z.array(chatChange).describe('The current state of what changed, ascending by the number of the change.'),
  })
  .meta({ id: 'ChatChanges', description: 'What changed in a chat.' })
export type Changes = z.infer<typeof changes>
export const changesReply = replyOf(changes)
