import { instant, userSummary } from '@muster/realtime/shapes'
import { z } from 'zod'
import { text } from '../../http/fields.ts'
import { replyOf } from '../../http/reply.ts'
import { adminEmail } from './admin-emails.schema.ts'

const exampleId = '01980f3a-0000-7000-8000-000000000001'

const tracedEvent = z
  .object({
    id: z.uuid().describe('The id of the event.'),
    seq: z
      .int()
      .nullable()
      .meta({ description: 'Its number in the chain; null until it is chained.', examples: [42] }),
    action: z.string().meta({ description: 'What was done.', examples: ['task.created'] }),
    actorId: z.uuid().nullable().describe('Who did it; null for nobody who is signed in.'),
    actor: userSummary.nullable().describe('The same with the present name.'),
    targetType: z.string().meta({ description: 'The kind of thing that it was done to.', examples: ['task'] }),
    targetId: z.string().meta({ description: 'The id of that thing.', examples: [exampleId] }),
    targetName: z
      .string()
      .nullable()
      .meta({ description: 'The present name of a user that it was done to; else null.', examples: [null] }),
    createdAt: instant.describe('When it happened.'),
    ip: z
      .string()
      .nullable()
      .meta({ description: 'The address of the request; null for a step of Muster itself.', examples: ['192.0.2.1'] }),
    before: z.unknown().meta({ description: 'The changed fields before.', examples: [null] }),
    after: z.unknown().meta({ description: 'The changed fields after.', examples: [{}] }),
  })
  .meta({ id: 'TracedEvent', description: 'An audit event that a request caused.' })

const tracedNotification = z
  .object({
    id: z.uuid().describe('The id of the notification.'),
    userId: z.uuid().describe('Who got it.'),
    user: userSummary.nullable().describe('The same with the present name.'),
    type: z.string().meta({ description: 'Its type.', examples: ['general'] }),
    event: z
      .string()
      .nullable()
      .meta({ description: 'What it tells of.', examples: ['taskAssigned'] }),
    taskId: z.uuid().nullable().describe('The task that it is about.'),
    chatId: z.uuid().nullable().describe('The chat that it is about.'),
    isRead: z.boolean().describe('Whether it was read.'),
    createdAt: instant.describe('When it was written.'),
  })
  .meta({ id: 'TracedNotification', description: 'A notification that a request caused, without its text.' })

const tracedJob = z
  .object({
    id: z.string().meta({ description: 'The id of the job.', examples: [exampleId] }),
    queue: z.string().meta({ description: 'Its queue.', examples: ['email'] }),
    name: z.string().meta({ description: 'What it does.', examples: ['send-email'] }),
    state: z
      .string()
      .meta({ description: 'Its state; `pending` when only the outbox has the job.', examples: ['completed'] }),
    payload: z.unknown().meta({ description: 'Its payload, without the values of secret keys.', examples: [{}] }),
    attempts: z
      .int()
      .nullable()
      .meta({
        description: 'Runs that counted; null when the queue does not have the job, or was not asked.',
        examples: [1],
      }),
    createdAt: instant.describe('When it was enqueued.'),
    runAt: instant.nullable().describe('Before which it does not run.'),
    publishedAt: instant.nullable().describe('When it left the outbox for its queue.'),
    endedAt: instant.nullable().describe('When it completed or failed.'),
    reason: z
      .string()
      .nullable()
      .meta({ description: 'Why it failed.', examples: [null] }),
    isInOutbox: z
      .boolean()
      .describe('Whether its row is still in the outbox: its effect is not committed, or it failed.'),
  })
  .meta({ id: 'TracedJob', description: 'A job that a request caused.' })

const kept = z
  .object({
    kind: z
      .enum(['audit events', 'mails', 'notifications', 'completed jobs', 'failed jobs', 'outbox rows'])
      .describe('What is kept.'),
    until: instant
      .nullable()
      .describe('Until when rows of the time of the request are kept; null when no time decides.'),
    isGone: z.boolean().describe('Whether that is past: what the request caused then is gone.'),
    rule: z.string().meta({
      description: 'How long it is kept.',
      examples: ['30 days (RETENTION_MAILS_DAYS), longer while not sent'],
    }),
  })
  .meta({ id: 'KeptOfRequest', description: 'How long one kind of what a request caused is kept.' })

/** All that a request caused, as far as it is kept. */
export const requestTrace = z
  .object({
    requestId: z.uuid().describe('The id of the request.'),
    requestedAt: instant.describe('When it arrived, as its id tells.'),
    foundBy: z
      .enum(['mail', 'job', 'audit event', 'notification'])
      .nullable()
      .describe('The kind of the record whose id was given; null when it was the id of the request.'),
    auditEvents: z.array(tracedEvent).describe('The audit events, the oldest first.'),
    mails: z.array(adminEmail).describe('The mails, the oldest first.'),
    notifications: z.array(tracedNotification).describe('The notifications, the oldest first.'),
    jobs: z.array(tracedJob).describe('The jobs, the oldest first.'),
    isWhole: z.boolean().describe('False when Redis was unavailable: jobs are those of the outbox.'),
    cutOff: z.array(z.string()).meta({ description: 'Kinds of which there are more than are listed.', examples: [[]] }),
    kept: z.array(kept).describe('How long each kind is kept.'),
  })
  .meta({ id: 'RequestTrace', description: 'All that one request caused, as far as it is kept.' })
export type RequestTrace = z.infer<typeof requestTrace>
export type TracedJob = z.infer<typeof tracedJob>

export const traceParams = z.strictObject({
  requestId: text({ min: 1, max: 200 }).meta({
    description: 'The id of the request, or of a mail, a job, an audit event or a notification that it caused.',
    examples: [exampleId],
  }),
})
export const traceReply = replyOf(z.object({ trace: requestTrace }))
