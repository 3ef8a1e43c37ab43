import type { HandlerContext } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { type Composed, compose } from '../rendering/compose.ts'
import type { Permit } from '../smtp/circuit-breaker.ts'
import { SmtpFailure } from '../smtp/smtp.ts'
import type { SmtpVerdict } from '../smtp/smtp-verdict.ts'
import type { ClaimedMail, SentMail } from './claimed-mail.ts'
import { errorText } from './error-text.ts'
import { holdLease } from './lease.ts'
import { completeMail, endMail, holdMail, releaseMail, retryMail } from './mail-outcome.ts'
import { wasOtherMailAccepted } from './mails.queries.ts'
import { quietUntil } from './quiet-hours.ts'

export type DeliverDeps = Pick<Deps, 'db' | 'clock' | 'smtp' | 'codeKeys' | 'webUrl' | 'publicUrl'> & {
  /** Stores that a mail was sent. @returns false when another worker holds the lease */
  markSent(mail: SentMail): Promise<boolean>
}

/** Sends a claimed mail and stores the outcome; drops or fails a mail that must not go out. */
export async function deliverMail(
  deps: DeliverDeps,
  mail: ClaimedMail,
  job: HandlerContext,
  permit: Permit,
): Promise<void> {
  const { expiresAt, suppression, obsolete } = mail
  if (expiresAt && expiresAt <= deps.clock.now())
    return endMail(deps, mail, { status: 'dropped', error: expiryReason(mail) }, job)
  if (obsolete !== null) return endMail(deps, mail, { status: 'dropped', error: obsolete }, job)
  if (suppression !== null) {
    return endMail(deps, mail, { status: 'failed', error: `the address is suppressed: ${suppression}` }, job)
  }
  const heldUntil = quietUntil(mail, deps.clock.now())
  if (heldUntil) return holdMail(deps, mail, heldUntil)
  const message = compose(deps, mail)
  switch (message.kind) {
    case 'impossible':
      return endMail(deps, mail, { status: 'failed', error: message.reason }, job)
    case 'not-yet':
      job.log.error(
        { component: 'mail', emailId: mail.id, reason: message.reason },
        'mail not composed, retry scheduled',
      )
      return retryMail(deps, mail, { reason: message.reason, summary: message.reason }, job)
    case 'ready':
      return sendMail(deps, mail, message, job, permit)
  }
}

/** An expired mail keeps the error of its last attempt, so that the row says why it was not sent. */
const expiryReason = ({ lastError }: ClaimedMail) =>
  lastError === null ? 'expired' : errorText(`expired; last attempt: ${lastError}`)

async function sendMail(
  deps: DeliverDeps,
  mail: ClaimedMail,
  message: Composed & { kind: 'ready' },
  job: HandlerContext,
  permit: Permit,
): Promise<void> {
  const lease = holdLease(deps.db, mail, job.signal)
  let verdict: SmtpVerdict
  try {
    const { subject, html, text, optOutUrl, secret } = message
    const parts = { id: mail.id, to: mail.to, subject, html, text, optOutUrl }
    const accepted = await deps.smtp.send(parts, { signal: lease.signal, mayStart: lease.isSafe })
    permit.succeeded()
    const smtpAnswer = errorText(accepted.smtpAnswer, secret)
    return await completeMail(deps, mail, { ...accepted, smtpAnswer }, job)
  } catch (error) {
    if (!(error instanceof SmtpFailure)) throw error
    if (job.signal.aborted || !lease.isSafe()) return await releaseMail(deps, mail)
    verdict = error.verdict
  } finally {
    lease.release()
  }
  await handleFailure(deps, mail, { verdict, reason: errorText(verdict.reason, message.secret) }, job, permit)
}

/** Ends the mail when the verdict is final, and schedules a retry otherwise; docs/decisions/005 explains the rules. */
async function handleFailure(
  deps: DeliverDeps,
  mail: ClaimedMail,
  { verdict, reason }: { verdict: SmtpVerdict; reason: string },
  job: HandlerContext,
  permit: Permit,
): Promise<void> {
  const { kind, summary, needsOperator } = verdict
  const refusal = { verdict: kind, smtpAnswer: reason }
  const logged = { component: 'mail', emailId: mail.id, template: mail.template, smtp: summary }
  if (needsOperator)
    job.log.error(logged, 'smtp server accepts no mail from muster, check relay, sender and credentials')
  if (kind === 'mailbox' || kind === 'message') {
    permit.succeeded()
    job.log.warn(logged, 'mail rejected permanently')
    return endMail(deps, mail, { status: 'failed', error: reason, refusal }, job)
  }
  permit.failed({ recipient: kind === 'server' ? undefined : mail.to, summary })
  if (kind === 'refused' && (await wasOtherMailAccepted(deps.db, mail))) {
    job.log.warn(logged, 'mail rejected permanently, smtp server accepts other mail')
    return endMail(
      deps,
      mail,
      { status: 'failed', error: reason, refusal, reason: 'the server accepts other mail' },
      job,
    )
  }
  return retryMail(deps, mail, { reason, summary, refusal }, job)
}
