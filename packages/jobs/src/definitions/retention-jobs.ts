import { dailyTimes } from '../schedules/schedules-and-retries.ts'
import { defineDailyJob } from './define-job.ts'

const retentionJob = (name: keyof typeof dailyTimes) =>
  defineDailyJob({ queue: 'audit', name, dailyAt: dailyTimes[name] })

/** The jobs that delete rows which are older than their retention; the audit worker's environment sets each retention. */
export const retentionJobs = {
  auditMonths: retentionJob('drop-audit-months'),
  notifications: retentionJob('sweep-notifications'),
  notificationChanges: retentionJob('sweep-notification-changes'),
  mails: retentionJob('sweep-mails'),
  digests: retentionJob('sweep-digests'),
  idempotencyKeys: retentionJob('sweep-idempotency-keys'),
  sessions: retentionJob('sweep-sessions'),
  challenges: retentionJob('sweep-two-factor-challenges'),
  passwordResets: retentionJob('sweep-password-resets'),
  signInFailures: retentionJob('sweep-sign-in-failures'),
  chats: retentionJob('sweep-chats'),
}
