import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseUnavailable } from '@muster/db'
import { sendEmail } from '@muster/jobs/definitions'
import { failsForGood, type HandlerContext, handle, PermanentError, RetryLater } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { batched } from '../mails/batched.ts'
import { holdLease, leaseMs } from '../mails/lease.ts'
import {
  type ClaimedMail,
  type ClaimResult,
  claimMails,
  hasOtherMailPassed,
  noteSentMails,
  type SentMail,
  settleMail,
  suppressAddress,
} from '../mails/mails.queries.ts'
import { nextAttemptAt } from '../mails/retry-policy.ts'
import { countMail } from '../metrics.ts'
import { type Composed, compose } from '../rendering/compose.ts'
import type { Circuit, Permit } from '../smtp/circuit-breaker.ts'
import { SmtpFailure } from '../smtp/smtp.ts'
import type { SmtpTrouble } from '../smtp/smtp-verdict.ts'

type Given = Pick<Deps, 'db' | 'clock' | 'smtp' | 'codeKeys' | 'webUrl' | 'publicUrl'> & { circuit: Circuit }
type Needs = Given & {
  claim: (emailId: string) => Promise<ClaimResult>
  /** @returns false when the lease was lost */
  noteSent: (mail: SentMail) => Promise<boolean>
}
type Ending = { status: 'failed' | 'dropped'; error: string; smtpAnswer?: string }

/** For noting that a mail went out while Postgres is away; the lease is not renewed then. */
const noteDeadlineMs = 10_000
const maxReasonLength = 500

/**
 * Sends the mail of one row. The row says what is to be done, whoever asks and how often: it is claimed under a lease,
 * and what became of it commits together with the end of the job. Only between the server's yes and that commit can a
 * crash lead to a second sending, with the same Message-ID.
 */
export function sendEmailHandler(given: Given) {
  const { db, clock, codeKeys } = given
  const needs: Needs = {
    ...given,
    // Jobs that run at the same time share statements, and with them round trips and commits.
    claim: batched((ids) => claimMails(db, ids, { now: clock.now(), leaseMs, codeKeyId: codeKeys.currentId })),
    noteSent: batched((mails) => noteSentMails(db, mails, clock.now())),
  }
  return handle(sendEmail, async ({ emailId }, ctx) => {
    const permit = await needs.circuit.enter(ctx.signal)
    try {
      const claim = await needs.claim(emailId)
      if (claim.kind === 'missing') throw new PermanentError(`there is no mail ${emailId}`)
      if (claim.kind === 'wait')
        throw new RetryLater('not due, or in the hands of another worker', Math.ceil(claim.forMs) + 10)
      if (claim.kind === 'claimed')
        await sendClaimed(needs, claim.mail, ctx, permit).catch((error) => giveBack(needs, claim.mail, error, ctx))
    } finally {
      permit.unused()
    }
  })
}

/**
 * Gives the lease back after a fault of Muster, so that the next run need not wait for its end. Such a fault is no verdict
 * on the mail: it stays queued, says which job failed, and goes out when that is retried.
 */
async function giveBack({ db }: Needs, mail: ClaimedMail, fault: unknown, ctx: HandlerContext): Promise<never> {
  const outcome = { status: 'queued', next_attempt_at: null }
  const reason = fault instanceof Error ? fault.message : String(fault)
  const error = fitForRow(`job ${ctx.jobId} failed and can be retried: ${reason}`)
  const isForGood = failsForGood(fault, { ...ctx, job: sendEmail })
  // What can't be noted now, the end of the lease does.
  await settleMail(db, mail, isForGood ? { ...outcome, error } : outcome).catch(() => {})
  throw fault
}

async function sendClaimed(needs: Needs, mail: ClaimedMail, ctx: HandlerContext, permit: Permit): Promise<void> {
  const { expiresAt, suppression, obsolete } = mail
  if (expiresAt && expiresAt <= needs.clock.now())
    return end(mail, { status: 'dropped', error: expiredAfter(mail) }, ctx)
  if (obsolete !== null) return end(mail, { status: 'dropped', error: obsolete }, ctx)
  if (suppression !== null) {
    return end(mail, { status: 'failed', error: `the address is suppressed: ${suppression}` }, ctx)
  }
  const message = compose(needs, mail)
  switch (message.kind) {
    case 'impossible':
      return end(mail, { status: 'failed', error: message.reason }, ctx)
    case 'not-yet':
      ctx.log.error({ emailId: mail.id }, message.reason)
      return putOff(mail, { reason: message.reason, logged: message.reason }, needs, ctx)
    case 'ready':
      return handOver(mail, message, needs, ctx, permit)
  }
}

async function handOver(
  mail: ClaimedMail,
  message: Composed & { kind: 'ready' },
  needs: Needs,
  ctx: HandlerContext,
  permit: Permit,
): Promise<void> {
  const lease = holdLease(needs.db, mail, ctx.signal)
  let trouble: SmtpTrouble
  try {
    const { subject, html, text, optOutUrl } = message
    const parts = { id: mail.id, to: mail.to, subject, html, text, optOutUrl }
    const { smtpId } = await needs.smtp.send(parts, { signal: lease.signal, mayBegin: lease.isSure })
    permit.answered()
    return await noteSent(mail, smtpId, needs, ctx)
  } catch (error) {
    if (!(error instanceof SmtpFailure)) throw error
    if (ctx.signal.aborted || !lease.isSure()) return await letGo(mail, needs)
    trouble = error.trouble
  } finally {
    lease.release()
  }
  const reason = fitForRow(trouble.reason, message.secret)
  await answerTrouble({ mail, trouble, reason }, needs, ctx, permit)
}

type Refusal = { mail: ClaimedMail; trouble: SmtpTrouble; reason: string }

/** Ends the mail where the answer is final, and otherwise tries again later; decision 005 says why. */
async function answerTrouble(
  { mail, trouble, reason }: Refusal,
  needs: Needs,
  ctx: HandlerContext,
  permit: Permit,
): Promise<void> {
  const { kind, summary, needsOperator } = trouble
  const logged = { emailId: mail.id, template: mail.template, smtp: summary }
  if (needsOperator) ctx.log.error(logged, 'mail refused: the SMTP server does not let Muster send')
  if (kind === 'mailbox' || kind === 'message') {
    permit.answered()
    ctx.log.warn(logged, 'mail refused for good')
    return end(mail, { status: 'failed', error: reason, ...(kind === 'mailbox' && { smtpAnswer: reason }) }, ctx)
  }
  permit.failed({ about: kind === 'server' ? undefined : mail.to, summary })
  if (kind === 'refused' && (await hasOtherMailPassed(needs.db, mail))) {
    ctx.log.warn(logged, 'mail refused for good while others pass')
    return end(mail, { status: 'failed', error: reason }, ctx)
  }
  return putOff(mail, { reason, logged: summary, isRefused: kind === 'refused' }, needs, ctx)
}

/** A code that nobody got says why, not only that it is too old by now. */
const expiredAfter = ({ lastError }: ClaimedMail) =>
  lastError === null ? 'expired' : `expired; the last try: ${lastError}`.slice(0, maxReasonLength)

/** A server may quote what it refuses, of a token perhaps only the part after its row's id. Cut after the secret is out. */
function fitForRow(reason: string, secret = ''): string {
  const hidden = secret.slice(secret.lastIndexOf('.') + 1)
  const text = hidden ? reason.replaceAll(hidden, '[secret]') : reason
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, maxReasonLength)
    .toWellFormed()
}

/** The row's end and the job's end in one statement. */
async function noteSent(mail: ClaimedMail, smtpId: string, needs: Needs, ctx: HandlerContext): Promise<void> {
  const { id, leaseToken } = mail
  const isNoted = await insist(() => needs.noteSent({ id, leaseToken, jobId: ctx.jobId, smtpId }), ctx.signal)
  // Whoever has the lease now needs the job.
  if (!isNoted) throw new RetryLater('the lease was lost', leaseMs)
  ctx.acknowledged()
  tell(mail, 'sent', ctx)
}

/** The row's end and the job's end in one transaction. */
async function end(mail: ClaimedMail, { status, error, smtpAnswer }: Ending, ctx: HandlerContext): Promise<void> {
  await ctx.transact(async ({ trx }) => {
    const isSettled = await settleMail(trx, mail, { status, error, next_attempt_at: null })
    // Rolls the job's end back as well: whoever has the lease now needs the job.
    if (!isSettled) throw new RetryLater('the lease was lost', leaseMs)
    if (smtpAnswer !== undefined) {
      const reason = 'The mail server says that this mailbox does not exist or takes no mail.'
      await suppressAddress(trx, { address: mail.to, reason, smtp_answer: smtpAnswer, email_id: mail.id })
    }
  })
  tell(mail, status, ctx)
}

function tell(
  { id, template, attempts }: ClaimedMail,
  outcome: 'sent' | 'failed' | 'dropped',
  { log }: HandlerContext,
): void {
  countMail(template, outcome)
  log.info({ emailId: id, template, attempts }, `mail ${outcome}`)
}

/** What went out should be noted even if Postgres restarts just now; the row's lease fences latecomers. */
async function insist<T>(commit: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadlineMs = performance.now() + noteDeadlineMs
  for (;;) {
    try {
      return await commit()
    } catch (error) {
      if (!isDatabaseUnavailable(error) || performance.now() > deadlineMs || signal.aborted) throw error
    }
    await sleep(250)
  }
}

/** Notes the trouble and when the next try is; the job comes back then. */
async function putOff(
  mail: ClaimedMail,
  { reason, logged, isRefused = false }: { reason: string; logged: string; isRefused?: boolean },
  needs: Needs,
  ctx: HandlerContext,
): Promise<void> {
  const now = needs.clock.now()
  const nextAt = nextAttemptAt(mail, now)
  if (!nextAt) return end(mail, { status: 'failed', error: `given up: ${reason}` }, ctx)
  countMail(mail.template, 'put-off')
  await settleMail(needs.db, mail, { status: 'queued', next_attempt_at: nextAt, error: reason, isRefused })
  throw new RetryLater(logged, Math.max(0, nextAt.getTime() - now.getTime()))
}

/** The process ends, or the lease is somebody else's: the next one may begin at once. */
async function letGo(mail: ClaimedMail, needs: Needs): Promise<never> {
  await settleMail(needs.db, mail, { status: 'queued', next_attempt_at: null })
  throw new RetryLater('let go before it was sent', 0)
}
