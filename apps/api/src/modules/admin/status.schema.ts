import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { lastVerification } from '../../http/last-verification.ts'
import { replyOf } from '../../http/reply.ts'
import { healthReply } from '../../plugins/health.ts'
import { queueName, queuePause } from './admin-queues.schema.ts'

const runningProcess = z
  .object({
    name: z.string().meta({ description: 'What it runs.', examples: ['email-worker'] }),
    host: z.string().meta({ description: 'The name of its machine or container.', examples: ['muster-1'] }),
    pid: z.int().describe('The id of the process there.'),
    version: z.string().meta({ description: 'Its release.', examples: ['0.6.0'] }),
    startedAt: instant.describe('When it started.'),
    seenAt: instant.describe('When it last announced itself in Redis, which it does every five seconds.'),
    isSilent: z.boolean().describe('Whether it fell silent: it was killed, is frozen, or does not reach Redis.'),
    isReplaced: z
      .boolean()
      .describe('Whether it fell silent and another one of its kind has started since, so that nothing is missing.'),
  })
  .meta({ id: 'RunningProcess', description: 'A process that announced itself within a day.' })

const count = (says: string) => z.int().nullable().describe(`${says} Null where it is not known.`)

const queueStatus = z
  .object({
    name: queueName.describe('The name of the queue.'),
    waiting: z.int().describe('Jobs that wait and could start, also those that are not published yet.'),
    active: count('Jobs in progress.'),
    delayed: count('Jobs that wait for their time.'),
    failed: z.int().describe('Jobs that failed for good.'),
    oldestMs: z.int().describe('Age of the job that waits the longest, in ms; 0 when none waits.'),
    endedPerMinute: count('Jobs that ended in the last minute, also those that failed.'),
    isPaused: z.boolean().nullable().describe('Whether it is paused. Null where it is not known.'),
    pause: queuePause.nullable().describe('By whom; null while it runs, and when it was not paused through Muster.'),
  })
  .meta({ id: 'QueueStatus', description: 'A queue now.' })

const lateReminders = z
  .object({
    count: z.int().describe('Reminders that are due and not sent, at most 10,000.'),
    lateMs: z.int().describe('By how much the oldest is late, in ms.'),
  })
  .meta({ id: 'LateReminders', description: 'Reminders that are due and that no process has taken.' })

const parts = ['processes', 'queues', 'mails', 'auditLag', 'reminders'] as const

const status = z
  .object({
    at: instant.describe('When it was read.'),
    health: healthReply.describe('The API that answers, and its dependencies.'),
    processes: z.array(runningProcess).nullable().describe('Processes that announced themselves within a day.'),
    queues: z.array(queueStatus).nullable().describe('All queues.'),
    failedSince: instant
      .nullable()
      .describe('When the first of the failed jobs of the outbox failed that nobody has retried or discarded.'),
    mails: z
      .record(z.string(), z.int())
      .nullable()
      .meta({ description: 'The mails of the last 24 hours by their status.', examples: [{ queued: 1, sent: 120 }] }),
    auditLagMs: count('Age of the oldest audit event that is not in the chain yet, in ms.'),
    auditVerification: lastVerification
      .nullable()
      .describe('What the newest verification of the audit log found; null before the first one.'),
    reminders: lateReminders.nullable().describe('Reminders that are late.'),
    unknown: z
      .array(
        z
          .object({
            part: z.enum(parts).meta({ id: 'StatusPart', description: 'A part of the status.' }),
            reason: z.string().meta({ description: 'Why, as a code.', examples: ['ECONNREFUSED'] }),
          })
          .meta({ id: 'UnknownPart', description: 'A part of the status that could not be read as a whole.' }),
      )
      .describe('Parts that could not be read, as a whole or in part; what is not known of them is null.'),
  })
  .meta({ id: 'InstallationStatus', description: 'The state of the installation.' })
export type StatusView = z.infer<typeof status>
export const statusReply = replyOf(z.object({ status }))

const finding = z
  .object({
    id: z.string().meta({ description: 'A stable word.', examples: ['redis-eviction'] }),
    severity: z.enum(['error', 'warning']).describe('`warning`: it works, and needs attention.'),
    what: z.string().meta({ description: 'The fault.', examples: ['No email-worker runs.'] }),
    remedy: z.string().meta({ description: 'What to do.', examples: ['Start it.'] }),
  })
  .meta({ id: 'DoctorFinding', description: 'A fault that an operator must mend.' })

const checkReport = z
  .object({
    name: z.string().meta({ description: 'What was examined.', examples: ['postgres'] }),
    status: z
      .enum(['well', 'findings', 'unchecked'])
      .describe('`unchecked`: `reason` tells why it could not be examined.'),
    reason: z
      .string()
      .nullable()
      .meta({ description: 'Why it was not examined as a whole; null if it was.', examples: [null] }),
    facts: z.array(z.string()).meta({ description: 'What was found out.', examples: [['Postgres 18.1 answers.']] }),
    findings: z.array(finding).describe('What is wrong.'),
    durationMs: z.int().describe('How long it took, in ms.'),
  })
  .meta({ id: 'DoctorCheck', description: 'The outcome of one check.' })

const report = z
  .object({
    version: z.string().meta({ description: 'The release that ran the checks.', examples: ['0.6.0'] }),
    at: instant.describe('When they ran.'),
    isWell: z.boolean().describe('Whether nothing is wrong. Parts that were not examined are no fault.'),
    durationMs: z.int().describe('How long they took, in ms.'),
    checks: z.array(checkReport).describe('Each check.'),
    lines: z.array(z.string()).meta({ description: 'The same as text, to copy.', examples: [['Muster 0.6.0']] }),
  })
  .meta({ id: 'DoctorReport', description: 'What `muster doctor` finds, without secrets.' })
export type DoctorReport = z.infer<typeof report>
export const doctorReply = replyOf(z.object({ report }))
