import { emailAddress as address } from '@muster/identifiers'
import { z } from 'zod'
import { id, queryInteger } from '../../http/fields.ts'
import { instant, pageReplyOf, replyOf } from '../../http/reply.ts'

const status = z.enum(['queued', 'sending', 'sent', 'failed', 'dropped'])

/** The delivery of one mail, without its content. */
export const adminEmail = z
  .object({
    id: z.uuid(),
    template: z.string(),
    /** The address; `erased` when the recipient was made anonymous. */
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
    /** False for a mail with a code or token: only the recipient may request another one. */
    canResend: z.boolean(),
  })
  .meta({ id: 'Email' })
export type AdminEmail = z.infer<typeof adminEmail>

export const emailQuery = z.strictObject({
  status: status.optional(),
  to: address.optional(),
  limit: queryInteger({ min: 1, max: 100 }).default(50),
  /** `nextCursor` of the page before. */
  cursor: id.optional(),
})
export type EmailQuery = z.output<typeof emailQuery>

export const emailParams = z.strictObject({ id })
export const emailReply = replyOf(z.object({ email: adminEmail }))
export const emailsReply = pageReplyOf(z.object({ emails: z.array(adminEmail) }))

/** An address to which no mail is sent. */
export const suppression = z
  .object({
    id: z.uuid(),
    address: z.string(),
    reason: z.string(),
    /** The answer of the mail server; null when it was not stored. */
    smtpAnswer: z.string().nullable(),
    /** The mail that got this answer; its row may be deleted. */
    emailId: z.uuid().nullable(),
    createdAt: instant,
  })
  .meta({ id: 'EmailSuppression' })
export type Suppression = z.infer<typeof suppression>

export const suppressionQuery = z.strictObject({
  address: address.optional(),
  page: queryInteger({ min: 1, max: 1_000 }).default(1),
  limit: queryInteger({ min: 1, max: 100 }).default(50),
})
export type SuppressionQuery = z.output<typeof suppressionQuery>

export const suppressionParams = z.strictObject({ id })
/** How the command line names a suppression. */
export const suppressionAddress = z.strictObject({ address })
export const suppressionsReply = pageReplyOf(z.object({ suppressions: z.array(suppression) }))
