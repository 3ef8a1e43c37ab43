import { z } from 'zod'
import { notification } from '../shapes/index.ts'
import { chatChange } from './change.ts'

const maxChatsPerSync = 200
const id = (what: string) => z.uuid().toLowerCase().describe(`The id of ${what}.`)
const seq = z.int().min(0)
const status = z.enum(['online', 'offline']).nullable().describe('Null while it is not known.')
const subjects = z.array(z.uuid()).min(1).max(500).describe('The ids of users.')
const nothing = z.strictObject({})

const syncRequest = z.strictObject({
  restoreEpoch: z.uuid().nullable().describe('The epoch of the last answer; null at first.'),
  chats: z
    .record(z.uuid(), seq)
    .refine((chats) => Object.keys(chats).length <= maxChatsPerSync, `has more than ${maxChatsPerSync} chats`)
    .describe('By the id of each known chat of this call, the number of the latest change that the client has.'),
  after: z.uuid().optional().describe('This call is about chats with higher ids; left out in the first call.'),
  upTo: z.uuid().optional().describe('This call is about chats up to this id; left out in the last call.'),
  notifications: z
    .int()
    .min(0)
    .nullable()
    .describe('The latest change of notifications that the client has; null for none.'),
})

const syncedChat = z.union([
  z.object({
    id: id('the chat'),
    latest: seq.describe('The number of the latest change that this answer leads to.'),
    isNew: z.boolean().describe('True for a chat that the client did not name.'),
    changes: z.array(chatChange).describe('The missing changes, ascending.'),
  }),
  z.object({ id: id('the chat'), latest: seq, resync: z.literal(true).describe('Fetch this chat again.') }),
  z.object({ id: id('the chat'), ended: z.literal(true).describe('The user is no member any more.') }),
])

const syncAnswer = z.object({
  restoreEpoch: z.uuid().describe('The epoch of the data.'),
  lossless: z.boolean().describe('False when something must be fetched again.'),
  chats: z.array(syncedChat).describe('The chats of this call that changed.'),
  readPositions: z
    .array(z.object({ chatId: id('the chat'), userId: id('the reader'), readSeq: seq }))
    .describe('How far the members of these chats have read, as far as the user may know.'),
  notifications: z
    .object({
      change: seq.describe('The latest change of notifications that this answer leads to.'),
      changed: z.array(notification).describe('New and changed notifications, ascending by their change.'),
      deletedIds: z.array(z.uuid()).describe('Notifications that were deleted.'),
      resync: z.boolean().describe('True when the list must be fetched again.'),
    })
    .describe('What changed in the notifications.'),
  unreadCount: z.int().min(0).describe('The number of unread notifications.'),
  more: z
    .boolean()
    .describe('True when this answer is not all: call again with the new numbers and with `after` of this answer.'),
  after: z.uuid().nullable().describe('The answer has all chats up to this id; null when it has none.'),
})

/** By event of the client: the schema of its payload, and that of the data in its acknowledgement. */
export const clientEvents = {
  register: {
    payload: z
      .strictObject({ userId: id('the signed-in user') })
      .describe('Does nothing: the session says who the user is. Another id is refused.'),
    data: z.object({ userId: z.uuid() }),
  },
  sync: {
    payload: syncRequest.describe('Asks for everything that was missed, see [Resuming](#resuming).'),
    data: syncAnswer,
  },
  'chat:typing': {
    payload: z
      .strictObject({ chatId: id('the chat'), isTyping: z.boolean() })
      .describe('Tells the other members that the user is typing: at most every 3 s, and it expires after 6 s.'),
    data: nothing,
  },
  'chat:read': {
    payload: z
      .strictObject({
        chatId: id('the chat'),
        seq: seq.describe('The number of the last message that was read.'),
      })
      .describe('Tells how far the user has read. The position only rises.'),
    data: z.object({ readSeq: seq, unreadCount: seq }),
  },
  'presence:subscribe': {
    payload: z
      .strictObject({ userIds: subjects })
      .describe('Subscribes to the presence of users, and answers how it is now.'),
    data: z.object({
      presence: z.array(z.object({ userId: z.uuid(), status, lastSeenAt: z.iso.datetime().nullable() })),
    }),
  },
  'presence:unsubscribe': {
    payload: z.strictObject({ userIds: subjects }).describe('Ends such subscriptions.'),
    data: nothing,
  },
} as const satisfies Record<string, { payload: z.ZodType; data: z.ZodType }>

export type ClientEventName = keyof typeof clientEvents
export type ClientEventPayload<Name extends ClientEventName> = z.infer<(typeof clientEvents)[Name]['payload']>
export type ClientEventData<Name extends ClientEventName> = z.infer<(typeof clientEvents)[Name]['data']>
export type SyncRequest = ClientEventPayload<'sync'>
export type SyncAnswer = ClientEventData<'sync'>

/** An acknowledgement: data, or an error in the shape of HTTP. */
export type Acknowledgement<Data> =
  | { success: true; data: Data }
  | {
      success: false
      message: string
      error: { code: string; requestId: string; details?: { path: string; message: string }[]; retryAfter?: number }
    }

/** The events of the client as Socket.IO types them. */
export type ClientEvents = {
  [Name in ClientEventName]: (
    payload: ClientEventPayload<Name>,
    acknowledge: (answer: Acknowledgement<ClientEventData<Name>>) => void,
  ) => void
}
