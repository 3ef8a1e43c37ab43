import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { adminEmail } from './admin-emails.schema.ts'

const tracedEvent = z.object({
  id: z.uuid(),
  /** Null until the event is chained. */
  seq: z.int().nullable(),
  action: z.string(),
  actorId: z.uuid().nullable(),
  targetType: z.string(),
  targetId: z.string(),
  createdAt: instant,
  before: z.unknown(),
  after: z.unknown(),
})

const tracedNotification = z.object({
  id: z.uuid(),
  userId: z.uuid(),
  type: z.string(),
  event: z.string().nullable(),
  taskId: z.uuid().nullable(),
  chatId: z.uuid().nullable(),
  isRead: z.boolean(),
  createdAt: instant,
})

const tracedJob = z.object({
  id: z.string(),
  queue: z.string(),
  name: z.string(),
  /** BullMQ's state; `pending` when only the outbox has the job. */
  state: z.string(),
  /** Without the values of secret keys. */
  payload: z.unknown(),
  /** Null when BullMQ does not have the job, or was not asked. */
  attempts: z.int().nullable(),
  createdAt: instant,
  runAt: instant.nullable(),
  publishedAt: instant.nullable(),
  endedAt: instant.nullable(),
  reason: z.string().nullable(),
  /** Whether its row is still in the outbox: its effect is not committed, or it failed. */
  isInOutbox: z.boolean(),
})

const kept = z.object({
  kind: z.enum(['audit events', 'mails', 'notifications', 'completed jobs', 'failed jobs', 'outbox rows']),
  /** Until when rows of the time of the request are kept; null when no time decides. */
  until: instant.nullable(),
  /** Whether that is past: what the request caused then is gone. */
  isGone: z.boolean(),
  rule: z.string(),
})

/** All that a request caused, as far as it is kept. */
export const requestTrace = z.object({
  requestId: z.uuid(),
  requestedAt: instant,
  /** The kind of the record whose id was given; null when it was the id of the request. */
  foundBy: z.enum(['mail', 'job', 'audit event', 'notification']).nullable(),
  auditEvents: z.array(tracedEvent),
  mails: z.array(adminEmail),
  notifications: z.array(tracedNotification),
  jobs: z.array(tracedJob),
  /** False when Redis was unavailable: jobs are those of the outbox. */
  isWhole: z.boolean(),
  /** Kinds of which there are more than are listed. */
  cutOff: z.array(z.string()),
  kept: z.array(kept),
})
export type RequestTrace = z.infer<typeof requestTrace>
export type TracedJob = z.infer<typeof tracedJob>
