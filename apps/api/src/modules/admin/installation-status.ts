import { readPendingAge } from '@muster/audit'
import { askByWrite, type Db, readHold } from '@muster/db'
import { readDueReminders, readMailCounts } from '@muster/doctor/lags'
import { countFailedJobs, type QueueMonitor } from '@muster/jobs/admin'
import { readOutboxState } from '@muster/jobs/outbox'
import { isReplaced, isRunning, type ListedProcess } from '@muster/jobs/processes'
import { reasonOf } from '@muster/telemetry'
import { version } from '@muster/telemetry/version'

/** A part of the status, or why it could not be read. */
export type Reading<T> = { value: T } | { unavailable: string }

export type QueueState = {
  name: string
  waiting: number
  active: number
  delayed: number
  failed: number
  oldestMs: number
  isPaused: boolean
  /** Jobs that ended within the last minute, also those that failed. */
  endedPerMinute: number
}

/** The round trip to a service, or why it does not answer. */
export type Dependency = { status: 'up'; latencyMs: number } | { status: 'down'; reason: string }

export type ProcessState = ListedProcess & { isSilent: boolean; isReplaced: boolean }

/** The state of an installation at one moment, as Postgres and Redis know it. */
export type InstallationStatus = {
  version: string
  at: string
  dependencies: Record<'postgres' | 'redis', Dependency>
  heldAt: Reading<string | null>
  processes: Reading<ProcessState[]>
  queues: Reading<QueueState[]>
  outbox: Reading<{ pending: number; oldestMs: number }>
  /** The mails of the last 24 hours by their state. */
  mails: Reading<Record<string, number>>
  auditLagMs: Reading<number>
  reminders: Reading<{ count: number; lateMs: number }>
}

export type StatusSources = { db: Db; monitor: QueueMonitor }

/** Upper bound of each reading. */
const patienceMs = 2_000
const minuteMs = 60_000

/** Reads the status of an installation. Takes about two seconds at most, and never rejects: what cannot be read says so. */
export async function readInstallationStatus({ db, monitor }: StatusSources): Promise<InstallationStatus> {
  const nowMs = Date.now()
  const ask = inTurn()
  const [postgres, redis, heldAt, processes, queues, outbox, mails, auditLagMs, reminders] = await Promise.all([
    measure(() => askByWrite(db)),
    measure(() => monitor.ping()),
    attempt(async () => (await ask(() => readHold(db))).heldAt?.toISOString() ?? null),
    attempt(async () => statesOf(await monitor.processes())),
    attempt(() => readQueueStates(() => ask(() => countFailedJobs(db)), monitor, nowMs)),
    attempt(() => ask(() => readOutboxState(db))),
    attempt(() => ask(() => readMailCounts(db))),
    attempt(async () => (await ask(() => readPendingAge(db))) * 1_000),
    attempt(() => ask(() => readDueReminders(db))),
  ])
  return {
    version,
    at: new Date(nowMs).toISOString(),
    dependencies: { postgres, redis },
    heldAt,
    processes,
    queues,
    outbox,
    mails,
    auditLagMs,
    reminders,
  }
}

function statesOf(listed: readonly ListedProcess[]): ProcessState[] {
  return listed.map((one) => {
    const isSilent = !isRunning(one)
    return { ...one, isSilent, isReplaced: isSilent && isReplaced(one, listed) }
  })
}

async function readQueueStates(
  readFailed: () => ReturnType<typeof countFailedJobs>,
  monitor: QueueMonitor,
  nowMs: number,
): Promise<QueueState[]> {
  const [counts, failed, ended] = await Promise.all([
    monitor.count(),
    readFailed(),
    monitor.countEnded(nowMs - minuteMs),
  ])
  return counts.map(({ name, waiting, active, delayed, failedSignals, oldestWaitingMs, isPaused }) => ({
    name,
    waiting,
    active,
    delayed,
    failed: (failed.get(name) ?? 0) + failedSignals,
    oldestMs: oldestWaitingMs,
    isPaused,
    endedPerMinute: ended[name],
  }))
}

/**
 * Returns a function that runs reads of Postgres one after the other. At once, each would open a connection of its own after a quiet minute, which costs
 * more than all of these reads.
 */
function inTurn() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(read: () => Promise<T>): Promise<T> => {
    const next = last.then(read)
    last = next.catch(() => {})
    return next
  }
}

/** Measures a round trip: the second one, because the first also waits for the connection. Both have the time of one reading. */
async function measure(ask: () => Promise<unknown>): Promise<Dependency> {
  const outcome = await attempt(async () => {
    await ask()
    const startMs = performance.now()
    await ask()
    return Math.round(performance.now() - startMs)
  })
  return 'value' in outcome
    ? { status: 'up', latencyMs: outcome.value }
    : { status: 'down', reason: outcome.unavailable }
}

async function attempt<T>(read: () => Promise<T>): Promise<Reading<T>> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<Reading<T>>((resolve) => {
    timer = setTimeout(() => resolve({ unavailable: 'TIMEOUT' }), patienceMs)
  })
  const outcome = read().then(
    (value) => ({ value }),
    (error: unknown) => ({ unavailable: reasonOf(error) }),
  )
  return Promise.race([outcome, limit]).finally(() => clearTimeout(timer))
}
