import type { BackoffOptions } from 'bullmq'

// The one list of retry policies and schedules. It imports no code, so that definitions can use it.

/** When BullMQ retries a job whose handler threw. */
export type RetryPolicy = {
  /** Runs in total. A run that fails because a dependency is unavailable does not count: {@link dependencyRetry}. */
  attempts: number
  backoff?: BackoffOptions
}

/** 1 s, 2 s, 4 s …, of which up to half is random, so that jobs that failed together are not retried together. */
const backoff: BackoffOptions = { type: 'exponential', delay: 1_000, jitter: 0.5 }

/** By job name. A daily job and a wake-up signal are not in this list: each runs once, and the next one does its work. */
export const retryPolicies = {
  'delete-files': { attempts: 10, backoff },
  'fire-reminder': { attempts: 5, backoff },
  'mail-unread-messages': { attempts: 5, backoff },
  'notify-chat': { attempts: 5, backoff },
  'notify-due': { attempts: 5, backoff },
  'optimize-avatar': { attempts: 3, backoff },
  'optimize-group-avatar': { attempts: 3, backoff },
  'optimize-image': { attempts: 3, backoff },
  'scan-file': { attempts: 3, backoff },
  'send-digest': { attempts: 5, backoff },
  /** For internal errors. A mail that the mail server refuses or does not answer is retried by {@link mailRetry}. */
  'send-email': { attempts: 5, backoff },
} satisfies Record<string, RetryPolicy>

/**
 * When a mail is retried that the mail server refused temporarily or did not answer. The delay after attempt n is
 * `firstMs · 2ⁿ`, at most `longestMs`, of which half is random: 1–2 s at first, 7.5–15 min at last.
 */
export const mailRetry = {
  firstMs: 1_000,
  longestMs: 15 * 60_000,
  /** The time after which a mail fails, from its enqueue; a mail that expires is dropped at its expiry instead. */
  failAfterMs: 24 * 3_600_000,
}

/**
 * When a job is retried while Postgres is unavailable or the machine lacks space, permissions or handles: the delay
 * doubles from `firstMs` to `longestMs`, without a limit on retries and without using up an attempt.
 */
export const dependencyRetry = { firstMs: 1_000, longestMs: 30_000 }

/** A time of day in UTC. */
export type DailyTime = `${number}:${number}`

/** When daily jobs run, by job name: one after the other, since they share the database's capacity. */
export const dailyTimes = {
  'sweep-orphans': '03:17',
  'expire-invites': '03:37',
  'anonymise-people': '03:47',
  'drop-audit-months': '04:00',
  'sweep-notifications': '04:05',
  'sweep-notification-changes': '04:07',
  'sweep-mails': '04:10',
  'sweep-digests': '04:15',
  'sweep-idempotency-keys': '04:20',
  'sweep-sessions': '04:25',
  'sweep-two-factor-challenges': '04:30',
  'sweep-password-resets': '04:35',
  'sweep-sign-in-failures': '04:40',
  'sweep-chats': '04:45',
} satisfies Record<string, DailyTime>

/** How often the periodic tasks run, each on a timer of its process: milliseconds between two runs. */
export const periodsMs = {
  /** Every publisher, so every process: publishes pending outbox rows, checks Redis' epoch, and reads whether the installation is held. */
  pollOutbox: 1_000,
  /** Every publisher: rows published this long ago and not acknowledged since are published again. */
  republish: 30_000,
  /** A job that waits for the release of a held copy, or for the end of a backup, is tried again. */
  retryHeld: 5_000,
  /** Every worker with daily jobs: writes their schedulers to Redis again, which lose them when it is flushed. */
  writeDailySchedule: 60_000,
  /** Audit worker: appends `audit_pending` to the chain; a wake-up signal makes it do so earlier. */
  chainAudit: 1_000,
  /** Audit worker: announces the signed head and creates the coming months' partitions. */
  announceAuditHead: 60_000,
  /** Email worker: writes the queue's rate limit to Redis again, which loses it when it is flushed. */
  writeMailRateLimit: 5_000,
  /** Image worker: removes temporary folders that a killed process left. */
  removeTemporaryFolders: 3_600_000,
  /** Reminder worker: claims due reminders, digests and notices; `REMINDER_TICK_MS` overrides it. */
  claimDue: 250,
}
