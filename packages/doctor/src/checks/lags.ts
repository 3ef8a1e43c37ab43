import type { Db } from '@muster/db'
import { outboxBehindMs, readOutboxState } from '@muster/jobs/outbox'
import { sql } from 'kysely'
import type { Finding, Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

const auditBehindMs = 60_000
const remindersLateMs = 60_000
const failedMailsLimit = 10

/** Measures how far each kind of work is behind that Postgres knows of. */
export async function checkLags({ postgres }: Tools, notes: Notes): Promise<void> {
  const db = await postgres()
  const [outbox, auditMs, reminders, failedMails] = await Promise.all([
    readOutboxState(db),
    readAuditLagMs(db),
    readLateReminders(db),
    countFailedMails(db),
  ])
  notes.fact(
    `Outbox ${outbox.pending} pending, the oldest ${seconds(outbox.oldestMs)}; audit ${seconds(auditMs)} behind; ${reminders.count} reminders due, the oldest ${seconds(reminders.lateMs)} late; ${failedMails} mails failed in a day.`,
  )
  const findings: [boolean, Finding][] = [
    [
      outbox.oldestMs > outboxBehindMs,
      {
        id: 'outbox-behind',
        severity: 'error',
        what: `${outbox.pending} jobs stay in the outbox, the oldest for ${seconds(outbox.oldestMs)}: no process publishes them.`,
        remedy:
          'See whether Redis is well, and whether at least one process runs that reaches both Postgres and Redis.',
      },
    ],
    [
      auditMs > auditBehindMs,
      {
        id: 'audit-behind',
        severity: 'error',
        what: `The audit log is ${seconds(auditMs)} behind: events wait to be chained.`,
        remedy: 'Start the audit worker, or read its log for why it does not chain.',
      },
    ],
    [
      reminders.lateMs > remindersLateMs,
      {
        id: 'reminders-late',
        severity: 'error',
        what: `${reminders.count} reminders are due and not sent, the oldest for ${seconds(reminders.lateMs)}.`,
        remedy: 'Start the reminder worker, or read its log for why it claims nothing.',
      },
    ],
    [
      failedMails > failedMailsLimit,
      {
        id: 'mails-failed',
        severity: 'warning',
        what: `${failedMails} mails of the last day failed for good.`,
        remedy: 'Read the answers of the mail server with `muster mail list --status failed`.',
      },
    ],
  ]
  for (const [isFound, finding] of findings) if (isFound) notes.find(finding)
}

const seconds = (ms: number) => (ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`)

async function readAuditLagMs(db: Db): Promise<number> {
  const { rows } = await sql<{ ms: number }>`
    select greatest(0, extract(epoch from clock_timestamp() - created_at) * 1000)::float8 as ms
    from audit_pending order by id limit 1`.execute(db)
  return rows[0]?.ms ?? 0
}

async function readLateReminders(db: Db): Promise<{ count: number; lateMs: number }> {
  const { rows } = await sql<{ count: number; lateMs: number }>`
    select count(*)::int as count, coalesce(extract(epoch from clock_timestamp() - min(scheduled_at)) * 1000, 0)::float8 as "lateMs"
    from (select scheduled_at from reminders where status = 'pending' and handed_at is null and scheduled_at < clock_timestamp()
      order by scheduled_at limit 10000) due`.execute(db)
  return rows[0] ?? { count: 0, lateMs: 0 }
}

/** Ids begin with the time of their creation, so the range of a day needs no index of its own. */
async function countFailedMails(db: Db): Promise<number> {
  const since = Math.round(Date.now() - 24 * 3_600_000)
    .toString(16)
    .padStart(12, '0')
  const first = `${since.slice(0, 8)}-${since.slice(8)}-0000-0000-000000000000`
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from email_messages where id > ${first}::uuid and status = 'failed'`.execute(db)
  return rows[0]?.count ?? 0
}
