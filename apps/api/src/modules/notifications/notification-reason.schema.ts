import { notificationTypes } from '@muster/policy'
import { instant, userSummary } from '@muster/realtime/shapes'
import { z } from 'zod'
import { replyOf } from '../../http/reply.ts'

export const causes = [
  'ownReminder',
  'taskDue',
  'ownTaskCompleted',
  'assignedToYou',
  'assignedTaskChanged',
  'assignmentEnded',
  'friendship',
  'invitation',
  'unreadMessages',
  'account',
  'accountSecurity',
  'hourlyLimit',
  'other',
] as const
const emailStatuses = ['queued', 'sending', 'sent', 'failed', 'dropped'] as const

const reason = z
  .object({
    cause: z.enum(causes).meta({
      description:
        'Why the caller got it: `ownReminder` they set it; `taskDue` a task that they own or are assigned to is due; `ownTaskCompleted` of a task that they own; `assignedToYou`, `assignedTaskChanged` and `assignmentEnded` of a task that is or was assigned to them; `friendship` a request to them or accepted by the other; `invitation` one that they sent or administer; `unreadMessages` of a chat that they are in; `account` and `accountSecurity` of their own account; `hourlyLimit` it stands for those above the limit; `other` anything else.',
      examples: ['assignedToYou'],
    }),
    actor: userSummary.nullable().describe('Who caused it; null when nobody else did.'),
    preference: z
      .object({
        name: z.enum(notificationTypes.map((type) => `notifications.${type}` as const)).meta({
          description: 'The preference that decides about the channels of such notifications.',
          examples: ['notifications.general'],
        }),
        inApp: z.boolean().meta({ description: 'Whether it lets them into the app now.', examples: [true] }),
        email: z.boolean().meta({ description: 'Whether it lets mails be sent now.', examples: [false] }),
      })
      .describe('The preference as it is now; it may have been another one when the notification came.'),
    channels: z
      .array(
        z.object({
          channel: z.enum(['inApp', 'email']).meta({ description: 'The channel.', examples: ['inApp'] }),
          status: z.enum(['shown', ...emailStatuses]).meta({
            description:
              '`shown` in the app; the others are of the mail: `dropped` because it was read before, or mails to the address are suppressed.',
            examples: ['shown'],
          }),
          at: instant.nullable().describe('When it was shown or sent; null for a mail that is not sent.'),
        }),
      )
      .describe('The channels to which it went.'),
    requestId: z
      .string()
      .nullable()
      .meta({
        description: 'The request that caused it, by which the operator finds more; null for what came by the clock.',
        examples: [null],
      }),
  })
  .meta({ id: 'NotificationReason', description: 'Why the caller got a notification, and how.' })
export type NotificationReason = z.infer<typeof reason>

export const reasonReply = replyOf(z.object({ reason }))
