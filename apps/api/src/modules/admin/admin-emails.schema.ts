import { emailAddress as address } from '@muster/identifiers'
import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { id } from '../../http/fields.ts'
import { pageNumber, pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'

const status = z.enum(['queued', 'sending', 'sent', 'failed', 'dropped']).meta({
  id: 'EmailStatus',
  description: 'Where the delivery of a mail stands. `dropped`: it was not needed any more.',
})

/** The delivery of one mail, without its content. */
export const adminEmail = z
  .object({
    id: z.uuid().describe('The id of the mail.'),
    template: z.string().meta({ description: 'What kind of mail it is.', examples: ['task-completed'] }),
    to: z.string().meta({
      description: 'The address; `erased` when the recipient was made anonymous.',
      examples: ['ann@example.com'],
    }),
    userId: z.uuid().nullable().describe('The user who gets it; null for an address without an account.'),
    status: status.describe('Where the delivery stands.'),
    attempts: z.int().describe('How often sending was tried.'),
    error: z
      .string()
      .nullable()
      .meta({ description: 'Why the last attempt failed.', examples: [null] }),
    smtpId: z
      .string()
      .nullable()
      .meta({ description: 'The id that the mail server gave.', examples: [null] }),
    createdAt: instant.describe('When the mail was written.'),
    sentAt: instant.nullable().describe('When the mail server took it.'),
    nextAttemptAt: instant.nullable().meta({ description: 'When sending is tried again.', examples: [null] }),
    expiresAt: instant.nullable().meta({ description: 'When the mail is no longer sent.', examples: [null] }),
    requestId: z.uuid().nullable().describe('The request that ordered it; null for a mail of the schedule.'),
    canResend: z
      .boolean()
      .describe('False for a mail with a code or token: only the recipient may request another one.'),
  })
  .meta({ id: 'Email', description: 'The delivery of one mail, without its content.' })
export type AdminEmail = z.infer<typeof adminEmail>

export const emailQuery = z.strictObject({
  status: status.optional().describe('Only mails in this state.'),
  to: address.optional().describe('Only mails to this address.'),
  limit: pageSize(50),
  cursor: id.optional().describe('`nextCursor` of the page before.'),
})
export type EmailQuery = z.output<typeof emailQuery>

export const emailParams = z.strictObject({ id: id.describe('The id of the mail.') })
export const emailReply = replyOf(z.object({ email: adminEmail }))
export const emailsReply = pageReplyOf(
  z
    .object({ emails: z.array(adminEmail).describe('The mails, the newest first.') })
    .meta({ id: 'EmailList', description: 'Items of the list.' }),
)

/** An address to which no mail is sent. */
export const suppression = z
  .object({
    id: z.uuid().describe('The id of the suppression.'),
    address: z.string().meta({ description: 'The address.', examples: ['ann@example.com'] }),
    reason: z.string().meta({ description: 'Why no mail is sent.', examples: ['refused'] }),
    smtpAnswer: z
      .string()
      .nullable()
      .meta({
        description: 'The answer of the mail server; null when it was not stored.',
        examples: ['550 5.1.1 no such user'],
      }),
    emailId: z.uuid().nullable().describe('The mail that got this answer; its row may be deleted.'),
    createdAt: instant.describe('When the address was suppressed.'),
  })
  .meta({ id: 'EmailSuppression', description: 'An address to which no mail is sent.' })
export type Suppression = z.infer<typeof suppression>

export const suppressionQuery = z.strictObject({
  address: address.optional().describe('Only this address.'),
  page: pageNumber(1_000).default(1),
  limit: pageSize(50),
})
export type SuppressionQuery = z.output<typeof suppressionQuery>

export const suppressionParams = z.strictObject({ id: id.describe('The id of the suppression.') })
/** How the command line names a suppression. */
export const suppressionAddress = z.strictObject({ address })
export const suppressionsReply = pageReplyOf(
  z
    .object({ suppressions: z.array(suppression).describe('The addresses, the newest first.') })
    .meta({ id: 'EmailSuppressionList', description: 'Items of the list.' }),
)
