import { setInterval as every, setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseUnavailable } from '@muster/db'
import { sendEmail } from '@muster/jobs'
import { type HandlerContext, handle, PermanentError, RetryLater } from '@muster/jobs/worker'
import type { Circuit, Permit } from '../circuit.ts'
import { type Composed, compose } from '../compose.ts'
import type { Deps } from '../deps.ts'
import { type ClaimedMail, claimMail, extendLease, settleMail, suppressAddress } from '../mails.queries.ts'
import { countMail } from '../metrics.ts'
import { nextAttemptAt } from '../schedule.ts'
import { SmtpFailure } from '../smtp.ts'
import type { SmtpTrouble } from '../smtp-verdict.ts'

type Needs = Pick<Deps, 'db' | 'clock' | 'smtp' | 'codeKeys' | 'webUrl'> & { circuit: Circuit }
type Ending = { status: 'sent'; smtpId: string } | { status: 'failed' | 'dropped'; error: string; suppress?: boolean }

/** Long enough for a hiccup of Postgres, short enough that a killed worker's mail goes out soon. */
const leaseMs = 15_000
const leaseRenewalMs = 5_000
/** For one whole conversation with the server. */
const sendDeadlineMs = 60_000
/** For noting that a mail went out while Postgres is away; the lease is not renewed then. */
const noteDeadlineMs = 10_000
const maxReasonLength = 500

/**
 * Sends the mail of one row. The row says what is to be done, whoever asks and how often: it is claimed under a lease,
 * and what became of it commits together with the end of the job. Only between the server's yes and that commit can a
 * crash lead to a second sending, with the same Message-ID.
 */
export function sendEmailHandler(needs: Needs) {
  return handle(sendEmail, async ({ emailId }, ctx) => {
    const permit = await needs.circuit.enter(ctx.signal)
    try {
      const now = needs.clock.now()
      const claim = await claimMail(needs.db, emailId, { now, leaseMs, codeKeyId: needs.codeKeys.currentId })
      if (claim.kind === 'missing') throw new PermanentError(`there is no mail ${emailId}`)
      if (claim.kind === 'wait')
        throw new RetryLater('not due, or in the hands of another worker', Math.ceil(claim.forMs) + 10)
      if (claim.kind === 'claimed') await sendClaimed(needs, claim.mail, ctx, permit)
    } finally {
      permit.unused()
    }
  })
}

async function sendClaimed(needs: Needs, mail: ClaimedMail, ctx: HandlerContext, permit: Permit): Promise<void> {
  const { expiresAt, suppression } = mail
  if (expiresAt && expiresAt <= needs.clock.now()) return end(mail, { status: 'dropped', error: 'expired' }, needs, ctx)
  if (suppression !== null) {
    return end(mail, { status: 'failed', error: `the address is suppressed: ${suppression}` }, needs, ctx)
  }
  const message = compose(needs, mail)
  switch (message.kind) {
    case 'impossible':
      return end(mail, { status: 'failed', error: message.reason }, needs, ctx)
    case 'not-yet':
      ctx.log.error({ emailId: mail.id }, message.reason)
      return putOff(mail, message.reason, needs, ctx)
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
  const lease = holdLease(needs, mail)
  const signal = AbortSignal.any([ctx.signal, lease.lost, AbortSignal.timeout(sendDeadlineMs)])
  let trouble: SmtpTrouble
  try {
    const { subject, html, text } = message
    const parts = { id: mail.id, to: mail.to, subject, html, text }
    const { smtpId } = await needs.smtp.send(parts, { signal, mayBegin: lease.isSure })
    permit.answered()
    return await end(mail, { status: 'sent', smtpId }, needs, ctx)
  } catch (error) {
    if (!(error instanceof SmtpFailure)) throw error
    if (ctx.signal.aborted || lease.lost.aborted || !lease.isSure()) return await letGo(mail, needs)
    trouble = error.trouble
  } finally {
    lease.release()
  }
  const reason = fitForRow(trouble.reason, message.secret)
  const logged = { emailId: mail.id, template: mail.template, smtp: trouble.summary }
  if (trouble.needsOperator) ctx.log.error(logged, 'the SMTP server refuses to work for Muster')
  if (trouble.kind === 'address' || trouble.kind === 'message') {
    permit.answered()
    ctx.log.warn(logged, 'a mail was refused for good')
    return end(mail, { status: 'failed', error: reason, suppress: trouble.kind === 'address' }, needs, ctx)
  }
  permit.failed(trouble.kind === 'busy' ? mail.to : undefined)
  return putOff(mail, reason, needs, ctx, trouble.summary)
}

/** A server may quote what it refuses, of a token perhaps only the part after its row's id. Cut after the secret is out. */
function fitForRow(reason: string, secret = ''): string {
  const hidden = secret.slice(secret.lastIndexOf('.') + 1)
  return (hidden ? reason.replaceAll(hidden, '[secret]') : reason).slice(0, maxReasonLength)
}

/** The row's end and the job's end in one transaction. */
async function end(mail: ClaimedMail, ending: Ending, needs: Needs, ctx: HandlerContext): Promise<void> {
  const isSent = ending.status === 'sent'
  const commit = () =>
    ctx.transact(async ({ trx }) => {
      const isSettled = await settleMail(trx, mail, {
        status: ending.status,
        next_attempt_at: null,
        error: isSent ? null : ending.error,
        ...(isSent && { smtp_id: ending.smtpId, sent_at: needs.clock.now() }),
      })
      // Rolls the job's end back as well: whoever has the lease now needs the job.
      if (!isSettled) throw new RetryLater('the lease was lost', leaseMs)
      if (!isSent && ending.suppress) await suppressAddress(trx, { address: mail.to, reason: ending.error })
    })
  await (isSent ? insist(commit, ctx.signal) : commit())
  countMail(mail.template, ending.status)
  ctx.log.info({ emailId: mail.id, template: mail.template, attempts: mail.attempts }, `mail ${ending.status}`)
}

/** What went out should be noted even if Postgres restarts just now; the row's lease fences latecomers. */
async function insist(commit: () => Promise<void>, signal: AbortSignal): Promise<void> {
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
  reason: string,
  needs: Needs,
  ctx: HandlerContext,
  logged = reason,
): Promise<void> {
  const now = needs.clock.now()
  const nextAt = nextAttemptAt(mail, now)
  if (!nextAt) return end(mail, { status: 'failed', error: `given up: ${reason}` }, needs, ctx)
  countMail(mail.template, 'put-off')
  await settleMail(needs.db, mail, { status: 'queued', next_attempt_at: nextAt, error: reason })
  throw new RetryLater(logged, Math.max(0, nextAt.getTime() - now.getTime()))
}

/** The process ends, or the lease is somebody else's: the next one may begin at once. */
async function letGo(mail: ClaimedMail, needs: Needs): Promise<never> {
  await settleMail(needs.db, mail, { status: 'queued', next_attempt_at: null })
  throw new RetryLater('let go before it was sent', 0)
}

/**
 * Keeps the lease for as long as the sending takes. `lost` aborts when another worker has it; `isSure` is false as soon
 * as one might, e.g. after this process stood still.
 */
function holdLease({ db }: Needs, mail: ClaimedMail): { lost: AbortSignal; isSure(): boolean; release(): void } {
  const lost = new AbortController()
  const released = new AbortController()
  let sureUntilMs = mail.leaseSureUntilMs
  const extend = async () => {
    const untilMs = performance.now() + leaseMs
    if (await extendLease(db, mail, leaseMs)) sureUntilMs = untilMs
    else lost.abort()
  }
  const renew = async () => {
    // Postgres may be away for a moment; the lease holds for longer.
    for await (const _ of every(leaseRenewalMs, undefined, { signal: released.signal })) await extend().catch(() => {})
  }
  renew().catch(() => {})
  return { lost: lost.signal, isSure: () => performance.now() < sureUntilMs, release: () => released.abort() }
}
