import type { InstallationStatus } from '@muster/client'
import { formatInstant } from '../../lib/dates.ts'
import { formatDuration } from '../../lib/durations.ts'
import { m } from '../../paraglide/messages.js'
import { nameOfQueue } from '../admin-queues/queue-names.ts'
import { formatNumber } from '../analytics/numbers.ts'

/** From so many milliseconds on something is late, as `muster doctor` judges. */
export const lateMs = 60_000

/** A problem that an operator should look at: a sentence, and the queue whose page shows more. */
export type Concern = { text: string; queue?: NonNullable<InstallationStatus['queues']>[number]['name'] }

/** Lists what is not well though every dependency answers. */
export function concernsOf(status: InstallationStatus, timeZone: string): Concern[] {
  const { queues, processes, mails, auditLagMs, reminders, failedSince, health } = status
  const { outbox } = health.checks
  const since = failedSince && formatInstant(failedSince, { timeZone, dateStyle: 'medium', timeStyle: 'short' })
  const failed = (queues ?? []).filter((queue) => queue.failed > 0)
  const total = failed.reduce((sum, queue) => sum + queue.failed, 0)
  const count = { count: total, shown: formatNumber(total) }
  const silent = processes?.filter(({ isSilent }) => isSilent).length ?? 0
  const failedMails = mails?.failed ?? 0
  return [
    ...(total > 0
      ? [{ text: since ? m.ops_status_jobs_failed_since({ ...count, since }) : m.ops_status_jobs_failed(count) }]
      : []),
    ...failed.map(({ name, failed: number }) => ({
      text: `${nameOfQueue(name)}: ${m.ops_queues_failed_badge({ shown: formatNumber(number) })}`,
      queue: name,
    })),
    ...(queues ?? [])
      .filter(({ isPaused }) => isPaused)
      .map(({ name }) => ({ text: m.ops_status_queue_paused({ queue: nameOfQueue(name) }), queue: name })),
    ...(silent > 0 ? [{ text: m.ops_status_processes_silent({ count: silent }) }] : []),
    ...[
      { name: m.ops_status_outbox(), ms: outbox.oldestMs },
      { name: m.ops_status_audit_lag(), ms: auditLagMs ?? 0 },
      { name: m.ops_status_reminders(), ms: reminders?.lateMs ?? 0 },
    ].flatMap(({ name, ms }) => (ms > lateMs ? [{ text: `${name}: ${formatDuration(ms)}` }] : [])),
    ...(failedMails > 0 ? [{ text: `${m.ops_status_mails_failed()}: ${formatNumber(failedMails)}` }] : []),
  ]
}
