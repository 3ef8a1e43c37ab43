import { z } from 'zod'
import { cursorInfo, instant, replyOf } from '../../plugins/reply.ts'
import { wholeNumber } from '../../plugins/whole-number.ts'
import { email as address } from '../users/users.schema.ts'

const status = z.enum(['queued', 'sending', 'sent', 'failed', 'dropped'])

/** How one mail went; nothing of what it says. */
export const adminEmail = z
  .object({
    id: z.uuid(),
    template: z.string(),
    /** The address; `erased` when its person was made anonymous. */
    to: z.string(),
    userId: z.uuid().nullable(),
    status,
    attempts: z.int(),
    error: z.string().nullable(),
    smtpId: z.string().nullable(),
    createdAt: instant,
    sentAt: instant.nullable(),
    nextAttemptAt: instant.nullable(),
    expiresAt: instant.nullable(),
    /** False for what carries a code or token, which only its receiver may ask for again. */
    canResend: z.boolean(),
  })
  .meta({ id: 'Email' })
export type AdminEmail = z.infer<typeof adminEmail>

export const emailQuery = z.strictObject({
  status: status.optional(),
  to: address.optional(),
  limit: wholeNumber({ min: 1, max: 100 }).default(50),
  /** `nextCursor` of the page before. */
  cursor: z.uuid().optional(),
})
export type EmailQuery = z.output<typeof emailQuery>

export const emailParams = z.strictObject({ id: z.uuid() })
export const emailReply = replyOf(z.object({ email: adminEmail }))
export const emailsReply = z.object({
  success: z.literal(true),
  data: z.object({ emails: z.array(adminEmail) }),
  pagination: cursorInfo,
})
