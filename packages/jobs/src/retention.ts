import { z } from 'zod'
import { defineHint } from './define-job.ts'

const daily = (name: string) => defineHint({ queue: 'audit', name, payload: z.strictObject({}) })

/** What is kept for a time only goes by one of these, daily; how long each is kept, the audit worker's environment says. */
export const retentionJobs = {
  auditMonths: daily('drop-audit-months'),
  notifications: daily('sweep-notifications'),
  mails: daily('sweep-mails'),
  digests: daily('sweep-digests'),
  idempotencyKeys: daily('sweep-idempotency-keys'),
  sessions: daily('sweep-sessions'),
  challenges: daily('sweep-two-factor-challenges'),
  passwordResets: daily('sweep-password-resets'),
  signInFailures: daily('sweep-sign-in-failures'),
}
