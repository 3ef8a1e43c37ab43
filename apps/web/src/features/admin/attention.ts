import type { InstallationStatus, RunningProcess } from '@muster/client'
import { formatInstant } from '../../lib/dates.ts'
import { formatDuration } from '../../lib/durations.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'

/** From so many milliseconds on something is late, as `muster doctor` judges. */
export const lateMs = 60_000

type QueueName = NonNullable<InstallationStatus['queues']>[number]['name']

/** Where an operator goes on: the page of a queue, another page, or a card of the page of the status. */
export type ConcernPlace =
  | { queue: QueueName }
  | { page: 'failed mails' | 'audit log' }
  | { card: 'processes' | 'doctor' }

/** A problem that an operator should look at: a sentence, and the place that shows more. */
export type Concern = { text: string; place?: ConcernPlace }

/** Lists what is not well though every dependency answers. */
export function concernsOf(status: InstallationStatus, timeZone: string): Concern[] {
  const { queues, processes, mails, auditLagMs, auditVerification, reminders, failedSince, health } = status
  const { outbox } = health.checks
  const since = failedSince && formatInstant(failedSince, { timeZone, dateStyle: 'medium', timeStyle: 'short' })
  const failed = (queues ?? []).filter((queue) => queue.failed > 0)
  const total = failed.reduce((sum, queue) => sum + queue.failed, 0)
  const count = { count: total, shown: formatNumber(total) }
  const missing = queuesWithoutWorker(status)
  const silent = (processes ?? []).filter((one) => one.isSilent && !one.isReplaced && !isOnlyOne(one, missing)).length
  const failedMails = mails?.failed ?? 0
  const brokenSeq = auditVerification?.firstBrokenSeq ?? null
  return [
    ...(brokenSeq === null
      ? []
      : [
          {
            text: m.ops_status_audit_broken({ seq: formatNumber(brokenSeq) }),
            place: { page: 'audit log' } as const,
          },
        ]),
    ...missing.map((queue) => ({ text: m.ops_status_no_worker({ worker: workerOf(queue) }), place: { queue } })),
    ...(silent > 0
      ? [{ text: m.ops_status_processes_silent({ count: silent }), place: { card: 'processes' } as const }]
      : []),
    ...(total > 0
      ? [{ text: since ? m.ops_status_jobs_failed_since({ ...count, since }) : m.ops_status_jobs_failed(count) }]
      : []),
    ...failed.map(({ name, failed: number }) => ({
      text: `${name}: ${m.ops_queues_failed_badge({ shown: formatNumber(number) })}`,
      place: { queue: name },
    })),
    ...(queues ?? [])
      .filter(({ isPaused }) => isPaused)
      .map(({ name, pause }) => ({ text: pausedText(name, pause?.note), place: { queue: name } })),
    ...[
      { name: m.ops_status_outbox(), ms: outbox.oldestMs },
      { name: m.ops_status_audit_lag(), ms: auditLagMs ?? 0, place: { queue: 'audit' } as const },
      { name: m.ops_status_reminders(), ms: reminders?.lateMs ?? 0, place: { queue: 'reminder' } as const },
    ].flatMap(({ name, ms, place }) =>
      ms > lateMs ? [{ text: `${name}: ${formatDuration(ms)}`, ...(place && { place }) }] : [],
    ),
    ...(failedMails > 0
      ? [
          {
            text: `${m.ops_status_mails_failed()}: ${formatNumber(failedMails)}`,
            place: { page: 'failed mails' } as const,
          },
        ]
      : []),
  ]
}

function pausedText(queue: QueueName, note: string | undefined): string {
  const text = m.ops_status_queue_paused({ queue })
  return note === undefined ? text : `${text} (${note})`
}

/** Returns the name of the process that works a queue, as it announces itself. */
export const workerOf = (queue: QueueName) => `${queue}-worker`

/** Returns the queues whose worker does not run anywhere; none while the processes are not known. */
export function queuesWithoutWorker({ queues, processes }: InstallationStatus): QueueName[] {
  if (!processes) return []
  const running = new Set(processes.filter(({ isSilent }) => !isSilent).map(({ name }) => name))
  return (queues ?? []).map(({ name }) => name).filter((name) => !running.has(workerOf(name)))
}

/** Whether it is said of a process already that none of its kind runs. */
const isOnlyOne = ({ name }: RunningProcess, missing: readonly QueueName[]) =>
  missing.some((queue) => workerOf(queue) === name)
