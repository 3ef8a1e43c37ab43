import { readPendingAge } from '@muster/audit'
import { outboxBehindMs, readOutboxState } from '@muster/jobs/outbox'
import { counted, durationText } from '@muster/text'
import type { Finding, Notes } from '../finding.ts'
import { readDueReminders, readMailCounts } from '../lags.queries.ts'
import type { Tools } from '../tools.ts'

const auditBehindMs = 60_000
const remindersLateMs = 60_000
const failedMailsLimit = 10

/** Measures how far each kind of work is behind that Postgres knows of. */
export async function checkLags({ postgres }: Tools, notes: Notes): Promise<void> {
  const db = await postgres()
  const [outbox, auditSeconds, reminders, mails] = await Promise.all([
    readOutboxState(db),
    readPendingAge(db),
    readDueReminders(db),
    readMailCounts(db),
  ])
  const auditMs = auditSeconds * 1_000
  const failedMails = mails.failed ?? 0
  notes.fact(
    `Outbox ${outbox.pending} pending, the oldest ${durationText(outbox.oldestMs)}; audit ${durationText(auditMs)} behind; ${counted(reminders.count, 'reminder')} due, the oldest ${durationText(reminders.lateMs)} late; ${counted(failedMails, 'mail')} failed in a day.`,
  )
  const findings: [boolean, Finding][] = [
    [
      outbox.oldestMs > outboxBehindMs,
      {
        id: 'outbox-behind',
        severity: 'error',
        what: `No process publishes what is in the outbox: ${counted(outbox.pending, 'job')}, the oldest for ${durationText(outbox.oldestMs)}.`,
        remedy:
          'See whether Redis is well, and whether at least one process runs that reaches both Postgres and Redis.',
      },
    ],
    [
      auditMs > auditBehindMs,
      {
        id: 'audit-behind',
        severity: 'error',
        what: `The audit log is ${durationText(auditMs)} behind: events wait to be chained.`,
        remedy: 'Start the audit worker, or read its log for why it does not chain.',
      },
    ],
    [
      reminders.lateMs > remindersLateMs,
      {
        id: 'reminders-late',
        severity: 'error',
        what: `Not sent though due: ${counted(reminders.count, 'reminder')}, the oldest for ${durationText(reminders.lateMs)}.`,
        remedy: 'Start the reminder worker, or read its log for why it claims nothing.',
      },
    ],
    [
      failedMails > failedMailsLimit,
      {
        id: 'mails-failed',
        severity: 'warning',
        what: `${counted(failedMails, 'mail')} of the last day failed for good.`,
        remedy: 'Read the answers of the mail server with `muster mail list --status failed`.',
      },
    ],
  ]
  for (const [isFound, finding] of findings) if (isFound) notes.find(finding)
}
