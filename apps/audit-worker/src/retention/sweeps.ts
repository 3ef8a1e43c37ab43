import type { Database } from '@muster/db'
import { retentionJobs, type SignalJob } from '@muster/jobs/definitions'
import { type RawBuilder, sql } from 'kysely'
import type { Retention } from '../config.ts'

/** Describes how to find the old rows of one table. */
export type Sweep = {
  job: SignalJob
  table: keyof Database
  keepMs: (retention: Retention) => number
  /** SQL condition: the row is older than `before`. Uses an index, because few rows are. */
  isOld: (before: Date) => RawBuilder<boolean>
}

/** One sweep for each table with a retention. */
export const sweeps: readonly Sweep[] = [
  {
    job: retentionJobs.notifications,
    table: 'notifications',
    keepMs: ({ notificationsMs }) => notificationsMs,
    isOld: (before) => sql`created_at < ${before}`,
  },
  {
    // Of deleted notifications, for clients that were away since.
    job: retentionJobs.notificationChanges,
    table: 'notification_changes',
    keepMs: ({ notificationsMs }) => notificationsMs,
    isOld: (before) => sql`deleted_at < ${before}`,
  },
  {
    job: retentionJobs.mails,
    table: 'email_messages',
    keepMs: ({ mailsMs }) => mailsMs,
    // Mails that are not sent yet stay.
    isOld: (before) => sql`created_at < ${before} and status in ('sent', 'failed', 'dropped')`,
  },
  {
    job: retentionJobs.digests,
    table: 'digest_deliveries',
    keepMs: ({ digestsMs }) => digestsMs,
    isOld: (before) => sql`created_at < ${before}`,
  },
  {
    job: retentionJobs.idempotencyKeys,
    table: 'idempotency_keys',
    keepMs: ({ idempotencyKeysMs }) => idempotencyKeysMs,
    isOld: (before) => sql`created_at < ${before}`,
  },
  {
    job: retentionJobs.sessions,
    table: 'sessions',
    keepMs: ({ sessionsMs }) => sessionsMs,
    isOld: (before) => sql`least(revoked_at, expires_at) < ${before}`,
  },
  {
    job: retentionJobs.challenges,
    table: 'two_factor_challenges',
    keepMs: ({ challengesMs }) => challengesMs,
    isOld: (before) => sql`expires_at < ${before}`,
  },
  {
    job: retentionJobs.passwordResets,
    table: 'password_resets',
    keepMs: ({ passwordResetsMs }) => passwordResetsMs,
    isOld: (before) => sql`expires_at < ${before}`,
  },
  {
    job: retentionJobs.signInFailures,
    table: 'sign_in_failures',
    keepMs: ({ signInFailuresMs }) => signInFailuresMs,
    isOld: (before) => sql`updated_at < ${before}`,
  },
]
