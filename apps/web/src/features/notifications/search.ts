import { z } from '../../lib/zod.ts'

export const notificationTypes = ['overdue', 'upcoming', 'reminder', 'general', 'invite', 'chat', 'security'] as const

/** What the address of the inbox says. A type that does not exist is left out. */
export const inboxSearch = z.object({ type: z.catch(z.optional(z.enum(notificationTypes)), undefined) })
export type InboxSearch = z.infer<typeof inboxSearch>
