import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseUnavailable } from '@muster/db'
import { sendEmail } from '@muster/jobs/definitions'
import { failsFinally, type HandlerContext, RetryLater } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { countMail } from '../metrics.ts'
import type { Attempt, ClaimedMail, SentMail } from './claimed-mail.ts'
import { errorText } from './error-text.ts'
import { leaseMs } from './lease.ts'
import { settleMail, suppressAddress } from './mails.queries.ts'
import { quietUntil } from './quiet-hours.ts'
import { nextAttemptAt } from './retry-policy.ts'

type MarkSent = (mail: SentMail) => Promise<boolean>
type Accepted = Pick<SentMail, 'smtpId' | 'smtpAnswer'>

/** How long to keep trying to store that a mail was sent while Postgres is unavailable; the lease is not renewed meanwhile. */
const storeDeadlineMs = 10_000
const storeRetryMs = 250

/**
 * Stores that a mail was sent, records the attempt and acknowledges the job, in one statement. Keeps trying for a while when Postgres is unavailable,
 * because otherwise the mail is sent again; the lease token keeps a late attempt from changing another worker's row.
 * @throws RetryLater when another worker holds the lease
 */
export async function completeMail(
  { markSent }: { markSent: MarkSent },
  mail: ClaimedMail,
  { smtpId, smtpAnswer }: Accepted,
  job: HandlerContext,
): Promise<void> {
  const { id, leaseToken, attempts, claimedAt } = mail
  const sent = { id, leaseToken, attempts, claimedAt, jobId: job.jobId, smtpId, smtpAnswer }
  const isStored = await withRetry(() => markSent(sent), job.signal)
  // The job stays, for the worker that holds the lease now.
  if (!isStored) throw leaseLost()
  job.acknowledged()
  report(mail, 'sent', job)
}

/** The answer of the server to a failed attempt. */
export type Refusal = Required<Pick<Attempt, 'verdict' | 'smtpAnswer'>>

/** The `error` is for the row of the mail. */
type Ending = { status: 'failed' | 'dropped'; error: string; reason?: string; refusal?: Refusal }

/**
 * Stores a mail's final outcome, records the attempt and acknowledges the job, in one transaction. A refusal that names the mailbox also
 * suppresses the address.
 * @param ending.reason why the attempt ended so; the error, unless the server was asked
 * @throws RetryLater when another worker holds the lease
 */
export async function endMail(
  { clock }: Pick<Deps, 'clock'>,
  mail: ClaimedMail,
  { status, error, refusal, reason = refusal ? undefined : error }: Ending,
  job: HandlerContext,
): Promise<void> {
  const attempt = { outcome: status, ...refusal, reason, endedAt: clock.now() }
  await job.transact(async ({ trx }) => {
    const isSettled = await settleMail(trx, mail, { status, error, next_attempt_at: null, attempt })
    // Rolls back the acknowledgement too: the worker that holds the lease now needs the job.
    if (!isSettled) throw leaseLost()
    if (refusal?.verdict === 'mailbox') {
      const why = 'The mail server says that this mailbox does not exist or accepts no mail.'
      await suppressAddress(trx, {
        address: mail.to,
        reason: why,
        smtp_answer: refusal.smtpAnswer ?? null,
        email_id: mail.id,
      })
    }
  })
  report(mail, status, job)
}

type Failure = {
  /** For the row; may contain the server's words. */
  reason: string
  /** For the log: without address or content. */
  summary: string
  /** Absent when the server was not asked. */
  refusal?: Refusal
}

/**
 * Stores a failed attempt with the time of the next one, or ends the mail after the last one.
 * @throws RetryLater with the delay until the next attempt
 */
export async function retryMail(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  mail: ClaimedMail,
  { reason, summary, refusal }: Failure,
  job: HandlerContext,
): Promise<void> {
  const now = clock.now()
  // A mail that came in quiet hours has had no chance until they ended.
  const createdAt = quietUntil(mail, mail.createdAt) ?? mail.createdAt
  const nextAt = nextAttemptAt({ ...mail, createdAt }, now)
  if (!nextAt) {
    const error = `no more attempts after 24 hours: ${reason}`
    const because = refusal && { refusal, reason: 'no more attempts after 24 hours' }
    return endMail({ clock }, mail, { status: 'failed', error, ...because }, job)
  }
  countMail(mail.template, 'put-off')
  await settleMail(db, mail, {
    status: 'queued',
    next_attempt_at: nextAt,
    error: reason,
    isRefused: refusal?.verdict === 'refused',
    attempt: { outcome: 'retried', ...(refusal ?? { reason }), endedAt: now },
  })
  throw new RetryLater(summary, Math.max(0, nextAt.getTime() - now.getTime()))
}

/**
 * Holds a mail back until the quiet hours of its recipient end; that is no attempt.
 * @throws RetryLater with the delay until then
 */
export async function holdMail(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  mail: ClaimedMail,
  until: Date,
): Promise<never> {
  await settleMail(db, mail, { status: 'queued', next_attempt_at: until, attempts: mail.attempts - 1 })
  throw new RetryLater('held back in quiet hours', until.getTime() - clock.now().getTime())
}

/**
 * Releases the lease of a mail that was not sent because the process shuts down or may have lost the lease.
 * @throws RetryLater without a delay
 */
export async function releaseMail({ db, clock }: Pick<Deps, 'db' | 'clock'>, mail: ClaimedMail): Promise<never> {
  const reason = 'released before it was sent'
  const attempt = { outcome: 'interrupted' as const, reason, endedAt: clock.now() }
  await settleMail(db, mail, { status: 'queued', next_attempt_at: null, attempt })
  throw new RetryLater(reason, 0)
}

/**
 * Releases the lease after an internal error, so that the next run does not wait for its expiry. An internal error is no
 * outcome: the mail stays queued, names the failed job, and is sent when an operator retries that job.
 * @throws the error
 */
export async function releaseAfterError(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  mail: ClaimedMail,
  error: unknown,
  job: HandlerContext,
): Promise<never> {
  const reason = error instanceof Error ? error.message : String(error)
  const attempt = { outcome: 'interrupted' as const, reason: errorText(reason), endedAt: clock.now() }
  const outcome = { status: 'queued', next_attempt_at: null, attempt }
  const text = errorText(`job ${job.jobId} failed and can be retried: ${reason}`)
  const isFinal = failsFinally(error, { ...job, job: sendEmail })
  // When Postgres is unavailable, the lease expires instead.
  await settleMail(db, mail, isFinal ? { ...outcome, error: text } : outcome).catch(() => {})
  throw error
}

const leaseLost = () => new RetryLater('another worker holds the lease', leaseMs)

function report(
  { id, template, attempts }: ClaimedMail,
  outcome: 'sent' | 'failed' | 'dropped',
  { log }: HandlerContext,
): void {
  countMail(template, outcome)
  const fields = { component: 'mail', emailId: id, template, attempts, outcome }
  if (outcome === 'failed') log.warn(fields, 'mail failed')
  else log.info(fields, outcome === 'sent' ? 'mail sent' : 'mail dropped')
}

async function withRetry<T>(store: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadlineMs = performance.now() + storeDeadlineMs
  for (;;) {
    try {
      return await store()
    } catch (error) {
      if (!isDatabaseUnavailable(error) || performance.now() > deadlineMs || signal.aborted) throw error
    }
    await sleep(storeRetryMs)
  }
}
