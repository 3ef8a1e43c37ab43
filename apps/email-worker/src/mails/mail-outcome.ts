import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseUnavailable } from '@muster/db'
import { sendEmail } from '@muster/jobs/definitions'
import { failsFinally, type HandlerContext, RetryLater } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { countMail } from '../metrics.ts'
import type { ClaimedMail, SentMail } from './claimed-mail.ts'
import { errorText } from './error-text.ts'
import { leaseMs } from './lease.ts'
import { settleMail, suppressAddress } from './mails.queries.ts'
import { quietUntil } from './quiet-hours.ts'
import { nextAttemptAt } from './retry-policy.ts'

type MarkSent = (mail: SentMail) => Promise<boolean>

/** How long to keep trying to store that a mail was sent while Postgres is unavailable; the lease is not renewed meanwhile. */
const storeDeadlineMs = 10_000
const storeRetryMs = 250

/**
 * Stores that a mail was sent and acknowledges its job, in one statement. Keeps trying for a while when Postgres is unavailable,
 * because otherwise the mail is sent again; the lease token keeps a late attempt from changing another worker's row.
 * @throws RetryLater when another worker holds the lease
 */
export async function completeMail(
  { markSent }: { markSent: MarkSent },
  mail: ClaimedMail,
  smtpId: string,
  job: HandlerContext,
): Promise<void> {
  const { id, leaseToken } = mail
  const isStored = await withRetry(() => markSent({ id, leaseToken, jobId: job.jobId, smtpId }), job.signal)
  // The job stays, for the worker that holds the lease now.
  if (!isStored) throw leaseLost()
  job.acknowledged()
  report(mail, 'sent', job)
}

type Ending = { status: 'failed' | 'dropped'; error: string; smtpReply?: string }

/**
 * Stores a mail's final outcome and acknowledges its job, in one transaction.
 * @param ending.smtpReply also suppresses the address, with this reply of the server
 * @throws RetryLater when another worker holds the lease
 */
export async function endMail(
  mail: ClaimedMail,
  { status, error, smtpReply }: Ending,
  job: HandlerContext,
): Promise<void> {
  await job.transact(async ({ trx }) => {
    const isSettled = await settleMail(trx, mail, { status, error, next_attempt_at: null })
    // Rolls back the acknowledgement too: the worker that holds the lease now needs the job.
    if (!isSettled) throw leaseLost()
    if (smtpReply !== undefined) {
      const reason = 'The mail server says that this mailbox does not exist or accepts no mail.'
      await suppressAddress(trx, { address: mail.to, reason, smtp_answer: smtpReply, email_id: mail.id })
    }
  })
  report(mail, status, job)
}

type Failure = {
  /** For the row; may contain the server's words. */
  reason: string
  /** For the log: without address or content. */
  summary: string
  /** The server refused the mail without naming a cause. */
  isRefused?: boolean
}

/**
 * Stores a failed attempt with the time of the next one, or ends the mail after the last one.
 * @throws RetryLater with the delay until the next attempt
 */
export async function retryMail(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  mail: ClaimedMail,
  { reason, summary, isRefused = false }: Failure,
  job: HandlerContext,
): Promise<void> {
  const now = clock.now()
  // A mail that came in quiet hours has had no chance until they ended.
  const createdAt = quietUntil(mail, mail.createdAt) ?? mail.createdAt
  const nextAt = nextAttemptAt({ ...mail, createdAt }, now)
  if (!nextAt) return endMail(mail, { status: 'failed', error: `no more attempts after 24 hours: ${reason}` }, job)
  countMail(mail.template, 'put-off')
  await settleMail(db, mail, { status: 'queued', next_attempt_at: nextAt, error: reason, isRefused })
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
export async function releaseMail({ db }: Pick<Deps, 'db'>, mail: ClaimedMail): Promise<never> {
  await settleMail(db, mail, { status: 'queued', next_attempt_at: null })
  throw new RetryLater('released before it was sent', 0)
}

/**
 * Releases the lease after an internal error, so that the next run does not wait for its expiry. An internal error is no
 * outcome: the mail stays queued, names the failed job, and is sent when an operator retries that job.
 * @throws the error
 */
export async function releaseAfterError(
  { db }: Pick<Deps, 'db'>,
  mail: ClaimedMail,
  error: unknown,
  job: HandlerContext,
): Promise<never> {
  const outcome = { status: 'queued', next_attempt_at: null }
  const reason = error instanceof Error ? error.message : String(error)
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
