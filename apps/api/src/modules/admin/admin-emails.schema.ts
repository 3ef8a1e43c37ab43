import { emailAddress as address } from '@muster/identifiers'
import { instant, userSummary } from '@muster/realtime/shapes'
import { z } from 'zod'
import { dateTime, id, noteBody, text } from '../../http/fields.ts'
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
    resentFrom: z
      .uuid()
      .nullable()
      .describe('The mail that an operator sent again with this one; it may be deleted. Null for a first mail.'),
    canResend: z
      .boolean()
      .describe('False for a mail with a code or token: only the recipient may request another one.'),
  })
  .meta({ id: 'Email', description: 'The delivery of one mail, without its content.' })
export type AdminEmail = z.infer<typeof adminEmail>

export const emailQuery = z.strictObject({
  status: status.optional().describe('Only mails in this state.'),
  to: address.optional().describe('Only mails to this address.'),
  template: text({ max: 100 })
    .optional()
    .meta({ description: 'Only mails of this kind.', examples: ['invite'] }),
  since: dateTime.optional().describe('Only mails written from this moment on.'),
  before: dateTime.optional().describe('Only mails written before this moment.'),
  limit: pageSize(50),
  cursor: id.optional().describe('`nextCursor` of the page before.'),
})
export type EmailQuery = z.output<typeof emailQuery>

export const emailParams = z.strictObject({ id: id.describe('The id of the mail.') })
/** Why a mail is sent again, or an address gets mail again. */
export const emailNote = noteBody
export const resentReply = replyOf(z.object({ email: adminEmail }))
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

/** The cause of a failed attempt, by the answer of the mail server. */
const verdict = z.enum(['mailbox', 'message', 'busy', 'refused', 'relay', 'server']).meta({
  id: 'EmailVerdict',
  description:
    'What the answer of the mail server is about. `mailbox`: it does not exist or accepts no mail. `message`: the server never accepts this one. `busy`: not now, while other mail is accepted. `refused`: no cause is named. `relay`: the server accepts no mail of this installation. `server`: it was out of reach, or accepts no mail at all.',
})

/** One attempt to send a mail. */
export const emailAttempt = z
  .object({
    number: z.int().describe('Its number: 1, 2, 3 …'),
    outcome: z.enum(['sent', 'retried', 'failed', 'dropped', 'interrupted', 'running', 'unknown']).meta({
      description:
        'How it ended. `retried`: there is a next attempt. `interrupted`: the worker ended or failed during it. `running`: it has not ended. `unknown`: nothing was recorded, because the worker was killed or is of an earlier release.',
      examples: ['retried'],
    }),
    verdict: verdict
      .nullable()
      .describe('What the answer is about; null when the server was not asked or took the mail.'),
    smtpAnswer: z
      .string()
      .nullable()
      .meta({
        description:
          'The words of the mail server, without codes and tokens; null when it was not asked, or when they were erased.',
        examples: ['451 4.7.1 try again later (RCPT TO)'],
      }),
    reason: z
      .string()
      .nullable()
      .meta({ description: 'Why it ended so, where that was not the answer alone.', examples: [null] }),
    startedAt: instant.nullable().describe('When it began; null when that was not recorded.'),
    endedAt: instant.nullable().describe('When it ended; null when it did not, or that was not recorded.'),
    nextAttemptAt: instant.nullable().meta({ description: 'When it was followed by another one.', examples: [null] }),
  })
  .meta({ id: 'EmailAttempt', description: 'One attempt to send a mail.' })
export type EmailAttempt = z.infer<typeof emailAttempt>

/** The delivery of one mail with its time line. */
const emailDetail = adminEmail
  .extend({
    user: userSummary
      .nullable()
      .describe('The user who gets it, with the present name; null for an address without an account.'),
    attemptLog: z.array(emailAttempt).describe('The last 200 attempts, the first one first.'),
    suppression: suppression
      .nullable()
      .describe('Why no mail is sent to its address now; null when it is not suppressed.'),
    resentAs: z
      .array(
        z
          .object({
            id: z.uuid().describe('The id of the mail.'),
            status: status.describe('Where its delivery stands.'),
            createdAt: instant.describe('When an operator sent it again.'),
          })
          .meta({ id: 'ResentEmail', description: 'A mail that repeats another one.' }),
      )
      .max(50)
      .describe('The mails that repeat this one, the first one first, at most 50.'),
  })
  .meta({ id: 'EmailDetail', description: 'The delivery of one mail, with its attempts.' })
export type EmailDetail = z.infer<typeof emailDetail>
export const emailReply = replyOf(z.object({ email: emailDetail }))
