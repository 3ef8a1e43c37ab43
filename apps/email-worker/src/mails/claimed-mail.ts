import type { SmtpVerdict } from '../smtp/smtp-verdict.ts'

/** A mail whose lease this process holds: no other worker sends it until the lease expires. */
export type ClaimedMail = {
  id: string
  leaseToken: string
  /** On the clock of `performance.now()`: until then no other worker can hold the lease. */
  leaseSafeUntilMs: number
  template: string
  to: string
  userId: string | null
  data: unknown
  /** Attempts so far, this one included. */
  attempts: number
  /** When this attempt began. */
  claimedAt: Date
  codeVersion: number
  codeKeyId: string | null
  createdAt: Date
  expiresAt: Date | null
  /** Why the address is suppressed; null when it is not. */
  suppression: string | null
  /** When the server last refused this mail without naming a cause; null when it never did. */
  refusedAt: Date | null
  /** The error of the previous attempt; null before the second attempt. */
  lastError: string | null
  /** Why the notification behind this mail makes it superfluous; null when the mail should go out. */
  obsolete: string | null
  /** The quiet hours of the recipient, for a mail that waits until they end; null for other mails. */
  quiet: { timezone: string; settings: unknown } | null
}

export type ClaimResult =
  | { kind: 'claimed'; mail: ClaimedMail }
  /** The mail was sent, failed or was dropped before. */
  | { kind: 'ended' }
  /** Another worker holds the lease, or the mail is not due. */
  | { kind: 'wait'; forMs: number }
  | { kind: 'missing' }

/** Identifies a lease; a statement that names another token changes nothing. */
export type Lease = Pick<ClaimedMail, 'id' | 'leaseToken'>

/** The record of an attempt. */
export type Attempt = {
  /** `interrupted`: the worker ended or failed before the attempt had a result. */
  outcome: 'sent' | 'retried' | 'failed' | 'dropped' | 'interrupted'
  /** The verdict on the answer; absent when the server was not asked, or accepted the mail. */
  verdict?: SmtpVerdict['kind'] | undefined
  /** The words of the server, without the mail's code or token. */
  smtpAnswer?: string | undefined
  /** Why the attempt ended so, where that was not the answer alone. */
  reason?: string | undefined
}

/** A mail that the SMTP server accepted, and the job that sent it. */
export type SentMail = Pick<ClaimedMail, 'id' | 'leaseToken' | 'attempts' | 'claimedAt'> & {
  jobId: string
  smtpId: string
  smtpAnswer: string
}
