import type { Email, EmailAttempt } from '@muster/client'
import { m } from '../../paraglide/messages.js'
import type { Tone } from '../../ui/badge.tsx'

export const statusLabels: Record<Email['status'], () => string> = {
  queued: m.ops_mails_status_queued,
  sending: m.ops_mails_status_sending,
  sent: m.ops_mails_status_sent,
  failed: m.ops_mails_status_failed,
  dropped: m.ops_mails_status_dropped,
}

export const statusTones: Record<Email['status'], Tone> = {
  queued: 'accent',
  sending: 'accent',
  sent: 'success',
  failed: 'danger',
  dropped: 'neutral',
}

type Outcome = EmailAttempt['outcome']

export const outcomeLabels: Record<Outcome, () => string> = {
  sent: m.ops_mails_outcome_sent,
  retried: m.ops_mails_outcome_retried,
  failed: m.ops_mails_outcome_failed,
  dropped: m.ops_mails_outcome_dropped,
  interrupted: m.ops_mails_outcome_interrupted,
  running: m.ops_mails_outcome_running,
  unknown: m.ops_mails_outcome_unknown,
}

export const outcomeTones: Record<Outcome, Tone> = {
  sent: 'success',
  retried: 'warning',
  failed: 'danger',
  dropped: 'neutral',
  interrupted: 'warning',
  running: 'accent',
  unknown: 'neutral',
}

const verdicts: Record<NonNullable<EmailAttempt['verdict']>, () => string> = {
  mailbox: m.ops_mails_verdict_mailbox,
  message: m.ops_mails_verdict_message,
  busy: m.ops_mails_verdict_busy,
  refused: m.ops_mails_verdict_refused,
  relay: m.ops_mails_verdict_relay,
  server: m.ops_mails_verdict_server,
}

/** Says in words what the answer of a mail server is about. */
export const verdictSentence = (verdict: NonNullable<EmailAttempt['verdict']>): string => verdicts[verdict]()
