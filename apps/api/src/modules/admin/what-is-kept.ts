import { keptJobs } from '@muster/jobs/admin'
import type { RequestTrace } from './request-trace.schema.ts'

/** How long the audit worker keeps what a trace shows. */
export type RequestRetention = { auditMonths: number; notificationsDays: number; mailsDays: number }

const dayMs = 86_400_000

/** Tells for each kind until when it is kept of a request of this time, and whether it is gone. */
export function whatIsKept(at: Date, now: Date, retention: RequestRetention): RequestTrace['kept'] {
  const { auditMonths, notificationsDays, mailsDays } = retention
  const afterMs = (ms: number) => new Date(at.getTime() + ms)
  const entry = (kind: RequestTrace['kept'][number]['kind'], until: Date | null, rule: string) => ({
    kind,
    until: until?.toISOString() ?? null,
    isGone: until !== null && until < now,
    rule,
  })
  const { completed, failed } = keptJobs
  return [
    entry(
      'audit events',
      // The first day of the month that is deleted no more.
      new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + auditMonths + 1, 1)),
      `${counted(auditMonths, 'month')} after their month (RETENTION_AUDIT_MONTHS); without this id once their user is anonymized`,
    ),
    entry(
      'mails',
      afterMs(mailsDays * dayMs),
      `${counted(mailsDays, 'day')} (RETENTION_MAILS_DAYS), longer while not sent`,
    ),
    entry(
      'notifications',
      afterMs(notificationsDays * dayMs),
      `${counted(notificationsDays, 'day')} (RETENTION_NOTIFICATIONS_DAYS), or until their user deletes them`,
    ),
    entry(
      'outbox rows',
      null,
      'until the effect of their job is committed; failed ones until they are retried or discarded',
    ),
    entry(
      'completed jobs',
      afterMs(completed.age * 1_000),
      `${counted(completed.age / 60, 'minute')} after their end in Redis, the latest ${completed.count} of a queue`,
    ),
    entry(
      'failed jobs',
      afterMs(failed.age * 1_000),
      `${counted(failed.age / 86_400, 'day')} after their end in Redis, the latest ${failed.count} of a queue`,
    ),
  ]
}

const counted = (count: number, unit: string) => `${count} ${unit}${count === 1 ? '' : 's'}`
