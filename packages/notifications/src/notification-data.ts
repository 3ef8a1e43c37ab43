import { z } from 'zod'

const id = (what: string) => z.uuid().describe(`The id of ${what}.`)
const at = (what: string) => z.iso.datetime().describe(`${what}.`)
const event = <Name extends string>(...names: [Name, ...Name[]]) => z.enum(names).describe('What happened.')
const late = z.boolean().describe('Whether it came after its time, for example because Muster was not running.')
const actorId = id('the user who did it')
/** The recipient may not see the task any more, so `taskId` is not that of the notification, which is a link. */
const changedTask = {
  taskId: id('the task, which the recipient may not see any more'),
  byId: actorId.nullable().describe('The id of the user who did it; null for an operator of the installation.'),
}

/** Members of the union by what happened. A client shows `message` for a value that it does not know. */
const variants = [
  z.object({
    event: event('reminder'),
    reminderId: id('the reminder'),
    scheduledAt: at('The time for which it was set'),
    dueDate: at('When the task is due; null for a task without a due date').nullable(),
    late,
  }),
  z.object({ event: event('taskDue'), dueDate: at('When the task is due'), late }),
  z.object({ event: event('taskCompleted'), completedById: actorId }),
  z.object({ event: event('taskAssigned', 'taskDeleted'), ...changedTask }),
  z.object({
    event: event('taskDueDateChanged'),
    ...changedTask,
    dueDate: at('When the task is due now; null when it has no due date any more').nullable(),
  }),
  z.object({
    event: event('taskUnassigned'),
    ...changedTask,
    count: z.int().describe('How many tasks were taken away at once; the message names one of them.'),
  }),
  z.object({
    event: event('friendRequested', 'friendAccepted'),
    requestId: id('the friend request'),
    userId: actorId,
  }),
  z.object({
    event: event('inviteAccepted', 'inviteStatusUpdate'),
    inviteId: id('the invitation'),
    status: z.enum(['accepted']).describe('The status of the invitation.'),
    email: z.string().describe('The address that was invited.'),
    role: z.string().describe('The role that was granted.'),
    organizationName: z.string().nullable().describe('The name of the organization; null for a platform role.'),
    userId: actorId,
  }),
  z.object({
    event: event('password-changed', 'two-factor-changed', 'new-device', 'session-compromised', 'account-locked'),
    at: at('When it happened'),
    device: z.string().nullable().describe('The device in words, which may be invented.'),
    ip: z.string().nullable().describe('The address from which it came.'),
  }),
  z.object({
    event: event('chatMessages'),
    count: z.int().describe('The number of unread messages; 100 stands for more than 99.'),
    mentions: z.int().describe('How many of them mention the recipient.'),
    lastSeq: z.int().describe('The number of the latest of them in the chat.'),
    userId: z.uuid().nullable().describe('The id of the other user of a direct chat; null in a group.'),
  }),
  z.object({ event: event('googleLinked', 'googleUnlinked', 'avatarFailed') }),
  z.object({
    event: event('summary'),
    summarized: z.int().describe('The number of notifications that were not shown one by one.'),
  }),
  z.looseObject({ event: event('other') }),
] as const

/** Schema of what a notification says to programs, by its `event`. */
export const notificationData = z
  .discriminatedUnion('event', variants)
  .meta({ id: 'NotificationData', description: 'What happened, for programs.' })
export type NotificationData = z.infer<typeof notificationData>

/** Returns the user who caused what a notification tells; undefined when nobody did, or it is not known. */
export function actorIdOf(data: NotificationData): string | undefined {
  switch (data.event) {
    case 'taskCompleted':
      return data.completedById
    case 'taskAssigned':
    case 'taskDeleted':
    case 'taskDueDateChanged':
    case 'taskUnassigned':
      return data.byId ?? undefined
    case 'chatMessages':
      return data.userId ?? undefined
    case 'friendRequested':
    case 'friendAccepted':
    case 'inviteAccepted':
    case 'inviteStatusUpdate':
      return data.userId
    default:
      return undefined
  }
}

type Stored = { type: string; title: string; data: unknown; summarized: number | null }

/**
 * Reads the data of a stored notification. Rows of earlier releases have no `event`, which their fields tell; what this
 * release does not know is `other`, with its fields.
 */
export function readNotificationData({ type, title, data, summarized }: Stored): NotificationData {
  if (summarized !== null) return { event: 'summary', summarized }
  const fields = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
  const read = notificationData.safeParse({ event: eventOfOldRow({ type, title, fields }), ...fields })
  return read.success ? read.data : { ...fields, event: 'other' }
}

function eventOfOldRow({ type, title, fields }: { type: string; title: string; fields: object }): string {
  if (type === 'reminder') return 'reminder'
  if (type === 'upcoming' || type === 'overdue') return 'taskDue'
  if ('requestId' in fields) return title.endsWith('accepted') ? 'friendAccepted' : 'friendRequested'
  return 'other'
}
