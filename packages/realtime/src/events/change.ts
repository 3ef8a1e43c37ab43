import { z } from 'zod'
import { chatHeader, chatMember, message } from '../shapes/index.ts'

const number = z.int().min(1).describe('The number of the change in the chat.')

/**
 * The current state of what a change touched. A change to a message that the viewer does not see is hidden: it counts, without content.
 */
export const chatChange = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('message').describe('A message was sent, edited, deleted, reacted to, or its files changed.'),
      change: number,
      message: message.describe('The message as it is now.'),
    }),
    z.object({
      kind: z.literal('member').describe('A member joined, left, was removed, or has another role.'),
      change: number,
      member: chatMember.describe('The member as they are now.'),
    }),
    z.object({
      kind: z.literal('chat').describe('The chat was created or renamed, has another picture, or lost old messages.'),
      change: number,
      chat: chatHeader.describe('The chat as it is now.'),
    }),
    z.object({
      kind: z.literal('hidden').describe('Something changed that the viewer does not see.'),
      change: number,
      hidden: z.literal(true).describe('Always true.'),
    }),
  ])
  .meta({ id: 'ChatChange', description: 'The current state of what a change of a chat touched.' })
export type ChatChange = z.infer<typeof chatChange>
