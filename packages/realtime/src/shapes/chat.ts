import { z } from 'zod'
import { chatFile } from './attachment.ts'
import { fileUrl } from './file-url.ts'
import { instant } from './instant.ts'
import { userSummary } from './user-summary.ts'

const id = (what: string) => z.uuid().describe(`The id of ${what}.`)
/** A number of a chat: 0 before the first. */
const count = (description: string) =>
  z
    .int()
    .min(0)
    .meta({ description, examples: [17] })

export const chatKind = z
  .enum(['direct', 'group'])
  .meta({ id: 'ChatKind', description: 'A chat of two users, or a group.' })
export const chatRole = z
  .enum(['admin', 'member'])
  .meta({ id: 'ChatRole', description: 'What a member of a group may do.' })

/** A member of a chat, the same for every viewer. Who left stays in changes, with `leftAt`. */
export const chatMember = z
  .object({
    user: userSummary.describe('The member; a member who deleted their account is named "Former member".'),
    role: chatRole.describe('The role in the group; `member` in a direct chat.'),
    joinedAt: instant.describe('When the user joined, the last time.'),
    leftAt: instant.nullable().describe('When the user left or was removed; null for a member.'),
  })
  .meta({ id: 'ChatMember', description: 'A member of a chat.' })
export type ChatMember = z.infer<typeof chatMember>

/** The chat itself, the same for every member. */
export const chatHeader = z
  .object({
    id: id('the chat'),
    kind: chatKind.describe('Whether it is of two users or a group.'),
    name: z
      .string()
      .nullable()
      .meta({ description: 'The name of a group; null in a direct chat.', examples: ['Garden'] }),
    avatarUrl: fileUrl.nullable().meta({
      description: 'The picture of a group; null without one.',
      examples: ['https://api.example.com/api/v1/chats/01980f3a-0000-7000-8000-000000000001/avatar?v=1'],
    }),
    organizationId: z.uuid().nullable().describe('The organization whose members alone can join; null for others.'),
    firstSeq: z.int().describe('Messages with lower numbers were removed by the retention.'),
    createdAt: instant.describe('When it was created.'),
  })
  .meta({ id: 'ChatHeader', description: 'The chat itself, the same for all members.' })
export type ChatHeader = z.infer<typeof chatHeader>

/** The message to which another one replies, as far as the viewer sees it. */
export const quote = z
  .object({
    id: id('the message'),
    seq: count('Its number in the chat.'),
    hidden: z.boolean().describe('True when the viewer does not see it, because they joined later or it was removed.'),
    sender: userSummary.nullable().describe('Its sender; null when hidden.'),
    body: z
      .string()
      .nullable()
      .meta({
        description: 'The beginning of its text, up to 200 characters; null when hidden or deleted.',
        examples: ['Tomorrow?'],
      }),
  })
  .meta({ id: 'MessageQuote', description: 'The message to which another one replies.' })

export const reaction = z
  .object({
    emoji: z.string().meta({ description: 'One emoji.', examples: ['👍'] }),
    count: count('The number of members who reacted with it.'),
    userIds: z
      .array(z.uuid())
      .describe('The first 50 of them in order of time, and the viewer in any case when they are among them.'),
  })
  .meta({ id: 'MessageReaction', description: 'Members who reacted with one emoji.' })

/** A message. A deleted one stays as a tombstone with `deletedAt` and without content. */
export const message = z
  .object({
    id: id('the message'),
    chatId: id('the chat'),
    seq: count('Its number in the chat: 1, 2, 3 …, without gaps.'),
    change: count('The number of its latest change in the chat.'),
    clientId: z.uuid().describe('The id that the sender chose for it.'),
    sender: userSummary.describe('Its sender; one who deleted their account is named "Former member".'),
    body: z
      .string()
      .nullable()
      .meta({ description: 'Its text; null without one or after deletion.', examples: ['Good morning!'] }),
    replyTo: quote.nullable().describe('The message to which it replies; null for others.'),
    mentions: z.array(z.uuid()).describe('The members whom it mentions.'),
    attachments: z.array(chatFile).describe('Its files, in the order of the sender.'),
    reactions: z.array(reaction).describe('Its reactions, the oldest emoji first.'),
    version: z.int().describe('Counts the edits of its text, from 1.'),
    editedAt: instant.nullable().describe('When its text was last changed; null when never.'),
    deletedAt: instant.nullable().describe('When it was deleted; null when it was not.'),
    createdAt: instant.describe('When it was sent.'),
  })
  .meta({ id: 'Message', description: 'A message of a chat.' })
export type Message = z.infer<typeof message>

/** A chat in the list of one member. */
export const chat = z
  .object({
    ...chatHeader.shape,
    change: count('The number of its latest change: the cursor for changes and sync.'),
    lastSeq: count('The number of its latest message.'),
    joinedSeq: count('Messages with higher numbers are visible to the viewer.'),
    readSeq: count('The last message that the viewer has read.'),
    unreadCount: z
      .int()
      .min(0)
      .meta({ description: 'Unread messages of others; exact up to 99, 100 stands for more.', examples: [3] }),
    role: chatRole.describe('The role of the viewer.'),
    muted: z.boolean().describe('Whether the viewer muted it.'),
    mutedUntil: instant.nullable().describe('When the muting ends; null when it is not muted, or for ever.'),
    mutesMentions: z.boolean().describe('Whether muting also holds back mentions.'),
    archived: z.boolean().describe('Whether the viewer archived it.'),
    writable: z
      .boolean()
      .describe('Whether the viewer can send messages: not after a block, or when a direct chat lost its ground.'),
    memberCount: z.int().describe('The number of members.'),
    members: z.array(chatMember).describe('Up to 5 members, of a direct chat both.'),
    lastMessage: message.nullable().describe('The latest message that the viewer sees; null without one.'),
  })
  .meta({ id: 'Chat', description: 'A chat as one member sees it.' })
export type Chat = z.infer<typeof chat>
