import { z } from '../../lib/zod.ts'

export const notificationTypes = ['overdue', 'upcoming', 'reminder', 'general', 'invite', 'chat', 'security'] as const

/** The search parameters of the inbox. An unknown type is ignored. */
export const inboxSearch = z.object({ type: z.catch(z.optional(z.enum(notificationTypes)), undefined) })
export type InboxSearch = z.infer<typeof inboxSearch>
