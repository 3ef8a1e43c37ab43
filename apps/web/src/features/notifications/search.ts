import { maybe, z } from '../../lib/zod.ts'

export const notificationTypes = ['overdue', 'upcoming', 'reminder', 'general', 'invite', 'chat', 'security'] as const

/** The search parameters of the inbox. An unknown type is ignored. */
export const inboxSearch = z.object({ type: maybe(z.enum(notificationTypes)) })
export type InboxSearch = z.infer<typeof inboxSearch>
