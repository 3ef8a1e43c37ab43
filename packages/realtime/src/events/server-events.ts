import { z } from 'zod'
import { attachment, chatFile, instant, notification } from '../shapes/index.ts'
import { chatChange } from './change.ts'

const id = (what: string) => z.uuid().describe(`The id of ${what}.`)

const invitation = z.strictObject({
  inviteId: id('the invitation'),
  status: z.enum(['pending', 'accepted', 'revoked', 'expired']).describe('Its status now.'),
  email: z.string().describe('The address that was invited.'),
  role: z.string().describe('The role that it grants.'),
  organizationName: z.string().nullable().describe('The name of the organization; null for a platform role.'),
  userId: z.uuid().nullable().describe('The user who accepted it; null until then.'),
})

/** The reasons for which a session ends. */
export const sessionEndReasons = ['revoked', 'expired', 'deactivated'] as const
/** The kinds of best-effort data that a client fetches again after a gap. */
export const staleKinds = ['tasks', 'attachments', 'invites', 'presence', 'typing', 'read-positions'] as const

/** The payload of each event that the server sends. Events with a `change` are complete by their numbers; the others are best effort. */
export const serverEvents = {
  notification: z
    .strictObject({
      type: z.string().describe('What happened, as `notification.data.event`, e.g. `inviteAccepted`.'),
      message: z.string().describe('What happened, for the user.'),
      timestamp: instant.describe('When it happened.'),
      change: z.int().describe("The number of the change in the user's notifications."),
      notification: notification.describe('The notification.'),
    })
    .describe('A notification was created for the user.'),
  'notification:count': z
    .strictObject({
      count: z.int().min(0).describe('The number of unread notifications.'),
      change: z.int().describe("The number of the latest change in the user's notifications."),
    })
    .describe(
      "The number of the user's unread notifications changed: by a new one, or because they were read or deleted, on any device.",
    ),
  'invite:accepted': invitation.describe('An invitation was accepted: for the user who sent it.'),
  inviteAccepted: invitation.describe(
    'As `invite:accepted`, beside the notification, for clients written for earlier servers.',
  ),
  'invite:status': invitation.describe(
    'An invitation was sent or has another status: for the admins of its organization and the platform roles above its sender, and unless it was accepted for its sender.',
  ),
  inviteStatusUpdate: invitation.describe(
    'As `invite:status` when an invitation was accepted, beside the notification, for clients written for earlier servers.',
  ),
  'attachment:updated': z
    .strictObject({
      attachment: z
        .union([attachment, chatFile])
        .nullable()
        .describe('The file as it is now; null when it was deleted.'),
      attachmentId: id('the file'),
      taskId: z.uuid().nullable().describe('Its task; null for a file of a chat.'),
      chatId: z.uuid().nullable().describe('Its chat; null for a file of a task.'),
    })
    .describe(
      'A file was added, became ready, failed or was deleted. A file of a chat that has been sent is a `chat:change` instead.',
    ),
  'task:updated': z
    .strictObject({
      taskId: id('the task'),
      version: z.int().nullable().describe('Its version now; null when it was deleted or is not visible any more.'),
    })
    .describe(
      'A task of the user changed: they own it, it is assigned to them, or they administrate its organization.',
    ),
  'chat:change': z
    .intersection(
      z.object({
        chatId: id('the chat'),
        prev: z.int().min(0).describe('The number of the change that was sent before this one.'),
      }),
      chatChange,
    )
    .describe('Something changed in a chat of the user.'),
  'chat:read': z
    .strictObject({
      chatId: id('the chat'),
      userId: id('the reader'),
      readSeq: z.int().min(0).describe('The number of the last message that they have read.'),
    })
    .describe(
      "Somebody read on in a chat. Of chats with more than 50 members, and of those who turned receipts off, it tells the reader's own devices alone.",
    ),
  'chat:typing': z
    .strictObject({
      chatId: id('the chat'),
      userId: id('the typist'),
      isTyping: z.boolean().describe('True for 6 seconds, unless it is false before.'),
    })
    .describe('Somebody is typing in a chat.'),
  presence: z
    .strictObject({
      userId: id('the user'),
      status: z.enum(['online', 'offline']).nullable().describe('Null while it is not known.'),
      lastSeenAt: instant.nullable().describe('When the user was last online; null when that is not known.'),
    })
    .describe('A user whose presence was subscribed to came or went.'),
  stale: z
    .strictObject({
      kinds: z.array(z.enum(staleKinds)).describe('What to fetch again, because events about it may have been lost.'),
    })
    .describe('Events may have been lost: fetch these kinds of data again.'),
  'session:ended': z
    .strictObject({ reason: z.enum(sessionEndReasons).describe('Why the session ended.') })
    .describe('The session has ended: the server disconnects, and connecting again needs a new sign-in.'),
  'server:draining': z
    .strictObject({
      delayMs: z.int().min(0).describe('After how many milliseconds the server closes this connection.'),
    })
    .describe('The server stops, and closes this connection.'),
} as const satisfies Record<string, z.ZodType>

export type ServerEventName = keyof typeof serverEvents
export type ServerEventPayload<Name extends ServerEventName> = z.infer<(typeof serverEvents)[Name]>
/** The events of the server as Socket.IO types them. */
export type ServerEvents = { [Name in ServerEventName]: (payload: ServerEventPayload<Name>) => void }
