import { int, keyRing, parseEnv, processEnv, processSettings, workerConcurrency } from '@muster/config'
import { z } from 'zod'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const maxDays = 36_500
const days = (bounds: { min: number; default: number }) => int({ ...bounds, max: maxDays })

/** Variables of how long the audit worker keeps what `muster trace` shows. */
export const tracedRetention = {
  /** Number of whole months that audit events are kept after the month in which they occurred. */
  RETENTION_AUDIT_MONTHS: int({ min: 1, max: 1_200, default: 24 }),
  RETENTION_NOTIFICATIONS_DAYS: days({ min: 1, default: 90 }),
  /** Since creation. The minimum is longer than the lifetime of any link in a mail. */
  RETENTION_MAILS_DAYS: days({ min: 8, default: 30 }),
}

/** Converts the variables of {@link tracedRetention}. */
export const tracedRetentionSettings = (read: z.output<z.ZodObject<typeof tracedRetention>>) => ({
  auditMonths: read.RETENTION_AUDIT_MONTHS,
  notificationsDays: read.RETENTION_NOTIFICATIONS_DAYS,
  mailsDays: read.RETENTION_MAILS_DAYS,
})

const env = z.object({
  ...processEnv({ opsPort: 9_102 }),
  /** HMAC keys of the chain: the first one chains new events, the others verify older events. */
  AUDIT_KEYS: keyRing(),
  /** Jobs at the same time; the chain itself has one writer at a time. */
  WORKER_CONCURRENCY: workerConcurrency(1),
  ...tracedRetention,
  /** Since creation. A traveller can have the same local date twice within three days. */
  RETENTION_DIGESTS_DAYS: days({ min: 3, default: 90 }),
  /** Since creation. The API promises a day. */
  RETENTION_IDEMPOTENCY_KEYS_HOURS: int({ min: 24, max: 8_760, default: 24 }),
  /** Since their end. */
  RETENTION_SESSIONS_DAYS: days({ min: 1, default: 90 }),
  /** Since their end. */
  RETENTION_TWO_FACTOR_CHALLENGES_DAYS: days({ min: 1, default: 7 }),
  /** Since their end. */
  RETENTION_PASSWORD_RESETS_DAYS: days({ min: 1, default: 7 }),
  /** Since the last failure. The lockout counts the failures of a day. */
  RETENTION_SIGN_IN_FAILURES_DAYS: days({ min: 2, default: 7 }),
  /** Messages of chats, since they were sent. Without it they are kept for ever. */
  CHAT_RETENTION_DAYS: int({ min: 1, max: maxDays }).optional(),
})

/** Reads the audit worker's environment. @throws ConfigError naming everything that is wrong */
export function readConfig(source: NodeJS.ProcessEnv = process.env) {
  const read = parseEnv(env, source)
  return Object.freeze({
    ...processSettings(read),
    concurrency: read.WORKER_CONCURRENCY,
    keys: read.AUDIT_KEYS,
    retention: {
      auditMonths: read.RETENTION_AUDIT_MONTHS,
      notificationsMs: read.RETENTION_NOTIFICATIONS_DAYS * dayMs,
      mailsMs: read.RETENTION_MAILS_DAYS * dayMs,
      digestsMs: read.RETENTION_DIGESTS_DAYS * dayMs,
      idempotencyKeysMs: read.RETENTION_IDEMPOTENCY_KEYS_HOURS * hourMs,
      sessionsMs: read.RETENTION_SESSIONS_DAYS * dayMs,
      challengesMs: read.RETENTION_TWO_FACTOR_CHALLENGES_DAYS * dayMs,
      passwordResetsMs: read.RETENTION_PASSWORD_RESETS_DAYS * dayMs,
      signInFailuresMs: read.RETENTION_SIGN_IN_FAILURES_DAYS * dayMs,
      /** Undefined: for ever. */
      messagesMs: read.CHAT_RETENTION_DAYS === undefined ? undefined : read.CHAT_RETENTION_DAYS * dayMs,
    },
  })
}

export type Config = ReturnType<typeof readConfig>
/** Retention of each kind of data. */
export type Retention = Config['retention']
