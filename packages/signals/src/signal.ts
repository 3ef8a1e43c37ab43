import { z } from 'zod'

const roomKinds = ['user', 'org', 'session', 'chat'] as const
/** The sockets that a signal concerns: those of a user, of an organization, of a session, of the members of a chat, or all. */
export type Room = `${(typeof roomKinds)[number]}:${string}` | 'all'
const room = z.union([z.templateLiteral([z.enum(roomKinds), ':', z.uuid()]), z.literal('all')])

/** Events that polls make good when their signal is lost, because rows have numbers or times. */
const polledEvents = ['notification', 'session', 'chat:change'] as const
/** Events that nothing makes good: after a loss, clients fetch again what they are about. */
export const bestEffortEvents = ['invite', 'attachment', 'task', 'chat:read', 'chat:typing', 'presence'] as const
export type BestEffortEvent = (typeof bestEffortEvents)[number]

/**
 * A wake-up signal between processes: ids and never contents, since the receiver reads the rows. Losing one costs latency alone,
 * because every instance also polls, and because clients are told what they may have missed.
 */
export const signal = z.strictObject({
  /** The sockets that it concerns. */
  room,
  event: z.enum([...polledEvents, ...bestEffortEvents, 'stale']),
  chatId: z.uuid().optional(),
  /** The number of the change in the chat. */
  change: z.int().optional(),
  userId: z.uuid().optional(),
  /** The id of the row that changed: an invitation, an attachment, a task. */
  id: z.uuid().optional(),
  /** The task of an attachment. */
  taskId: z.uuid().optional(),
  isTyping: z.boolean().optional(),
  /** The number of the chat's latest message when somebody began to type. */
  seq: z.int().optional(),
  /** For `presence`: whether others may see the user, and the user others, may have changed. */
  isAccess: z.boolean().optional(),
  /** For `stale`: the events that could not be published. */
  lost: z.array(z.enum(bestEffortEvents)).optional(),
})
export type Signal = z.infer<typeof signal>

/** The signals of one tick of a process, in one message. They are checked one by one, because a newer release may send others. */
export const signalMessage = z.object({ from: z.uuid(), signals: z.array(z.unknown()) })
