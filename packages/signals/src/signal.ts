import { z } from 'zod'

const roomKinds = ['user', 'org', 'session', 'chat'] as const
export type Room = `${(typeof roomKinds)[number]}:${string}`
const room = z.templateLiteral([z.enum(roomKinds), ':', z.uuid()])

/**
 * A wake-up signal between processes: ids and never contents, since the receiver reads the rows. Losing one costs latency alone,
 * because every instance also polls.
 */
export const signal = z.strictObject({
  /** The sockets that it concerns. */
  room,
  event: z.enum([
    ...(['notification', 'invite', 'attachment', 'task', 'session'] as const),
    ...(['chat:change', 'chat:read', 'chat:typing', 'presence'] as const),
  ]),
  chatId: z.uuid().optional(),
  /** The number of the change in the chat. */
  change: z.int().optional(),
  userId: z.uuid().optional(),
  /** The id of the row that changed: an invitation, an attachment, a task. */
  id: z.uuid().optional(),
  isTyping: z.boolean().optional(),
})
export type Signal = z.infer<typeof signal>
export const signalBatch = z.array(signal)
