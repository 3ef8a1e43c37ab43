import { readLastVerification } from '@muster/audit'
import { countFailedJobs, findFirstFailure, readQueueLoads } from '@muster/jobs/admin'
import { type QueueName, queueNames } from '@muster/jobs/definitions'
import { sharedFor } from '@muster/telemetry'
import type { Deps } from '../../deps.ts'
import { toLastVerification } from '../../http/last-verification.ts'
import { readHealth } from '../../plugins/health.ts'
import { type InstallationStatus, type Reading, readInstallationStatus } from './installation-status.ts'
import { assertPermission, auditActor, type Principal } from './principal.ts'
import { readPauses } from './queue-pauses.service.ts'
import type { DoctorReport, StatusView } from './status.schema.ts'

type StatusDeps = Pick<Deps, 'db' | 'queueMonitor' | 'clock' | 'health'>
type QueueView = NonNullable<StatusView['queues']>[number]

/** Reads the state of the installation. What cannot be read is null, and named in `unknown`. @throws while Postgres is unavailable */
export async function readStatus(deps: StatusDeps, principal: Principal): Promise<StatusView> {
  assertPermission(principal, 'diagnostics.read')
  const { db, queueMonitor, clock, health } = deps
  const [status, healthNow, [pauses, failedSince, verified]] = await Promise.all([
    readInstallationStatus({ db, monitor: queueMonitor }),
    readHealth(health),
    readOwn(deps),
  ])
  const queues = await queuesOf(deps, status)
  const { processes, mails, auditLagMs, reminders } = status
  const readings = { processes, queues: status.queues, mails, auditLag: auditLagMs, reminders }
  return {
    at: clock.now().toISOString(),
    health: healthNow,
    processes:
      known(processes)?.map(({ seenMs, ...process }) => ({ ...process, seenAt: new Date(seenMs).toISOString() })) ??
      null,
    queues: queues?.map((queue) => ({ ...queue, pause: pauses.get(queue.name) ?? null })) ?? null,
    failedSince: failedSince?.toISOString() ?? null,
    mails: known(mails),
    auditLagMs: rounded(known(auditLagMs)),
    auditVerification: toLastVerification(verified),
    reminders: toReminders(known(reminders)),
    unknown: Object.entries(readings).flatMap(([part, reading]) =>
      'unavailable' in reading ? [{ part: part as keyof typeof readings, reason: reading.unavailable }] : [],
    ),
  }
}

/** One after the other, as the reads of the installation: a burst of statements makes the pool open connections. */
const readOwn = async ({ db }: Pick<StatusDeps, 'db'>) =>
  [await readPauses({ db }), await findFirstFailure(db), await readLastVerification(db)] as const

const known = <T>(reading: Reading<T>): T | null => ('value' in reading ? reading.value : null)
const rounded = (value: number | null) => (value === null ? null : Math.round(value))
const toReminders = (late: { count: number; lateMs: number } | null) =>
  late && { count: late.count, lateMs: Math.max(0, Math.round(late.lateMs)) }

/** The queues as Redis knows them; without Redis, as far as the outbox tells. */
async function queuesOf(
  { db, queueMonitor }: StatusDeps,
  status: InstallationStatus,
): Promise<Omit<QueueView, 'pause'>[] | null> {
  const fromRedis = known(status.queues)
  if (fromRedis) return fromRedis.map(({ name, ...queue }) => ({ ...queue, name: name as QueueName }))
  const [loads, failed] = await Promise.all([
    readQueueLoads({ db, monitor: queueMonitor }),
    countFailedJobs(db).catch(() => undefined),
  ])
  if (!loads || !failed) return null
  return queueNames.map((name) => ({
    name,
    waiting: loads.queues[name].load,
    active: null,
    delayed: null,
    failed: failed.get(name) ?? 0,
    oldestMs: loads.queues[name].oldestMs,
    endedPerMinute: null,
    isPaused: null,
  }))
}

/** One examination serves the callers of its time: it opens connections of its own to everything. */
const sharedForMs = 1_000

/** Creates the examination of the installation that `muster doctor` runs, with the settings of this process. The call is audited. */
export function createExamination({ examine: runChecks, transact }: Pick<Deps, 'examine' | 'transact'>) {
  const examine = sharedFor(sharedForMs, async () => {
    const [report, { renderReport }] = await Promise.all([runChecks(), import('@muster/doctor')])
    const checks = report.checks.map((check) => ({ ...check, reason: check.reason ?? null }))
    return { ...report, checks, lines: renderReport(report) }
  })
  return async (principal: Principal): Promise<DoctorReport> => {
    assertPermission(principal, 'diagnostics.read')
    const report = await examine()
    const findings = report.checks.flatMap((check) => check.findings.map(({ id }) => id))
    await transact(async ({ audit }) =>
      audit({
        action: 'admin.doctor_run',
        targetType: 'installation',
        targetId: 'installation',
        after: { isWell: report.isWell, findings },
        ...auditActor(principal),
      }),
    )
    return report
  }
}
