import { readPendingAge } from '@muster/audit'
import { countFailedIn, readQueueLoads } from '@muster/jobs/admin'
import { queueNames } from '@muster/jobs/definitions'
import { readOutboxState } from '@muster/jobs/outbox'
import { trackOutage } from '@muster/telemetry'
import type { Deps } from '../../deps.ts'
import * as queries from './minute-samples.queries.ts'
import { keepPauses } from './queue-pauses.service.ts'

type SampleDeps = Pick<Deps, 'db' | 'queueMonitor' | 'clock'> & { health: Pick<Deps['health'], 'isHeld'> }

/** Lags that are sampled beside the queues. */
type SampledBeside = 'outbox' | 'audit'

export const minuteMs = 60_000
const keptForMs = 7 * 86_400_000
const tickMs = 5_000

/** Returns the start of the minute of an instant. */
export const minuteOf = (instant: Date): Date => new Date(Math.floor(instant.getTime() / minuteMs) * minuteMs)

/**
 * Writes the samples of the minute that ended last, unless a process has, and sweeps those of more than seven days ago. What Redis alone
 * knows is null while it is unavailable.
 * @returns whether this call wrote them
 * @throws while Postgres is unavailable
 */
export async function sampleMinute(deps: SampleDeps): Promise<boolean> {
  const { db, clock } = deps
  const end = minuteOf(clock.now())
  const minute = new Date(end.getTime() - minuteMs)
  if (await queries.isSampled(db, minute)) return false
  const rows = [...(await sampleQueues(deps, minute, end)), ...(await sampleLags(deps))].map((row) => ({
    minute,
    ...row,
  }))
  const isWritten = await queries.insertSamples(db, rows)
  // A restored copy that is held deletes nothing.
  if (isWritten && !deps.health.isHeld()) await queries.deleteSamplesBefore(db, new Date(end.getTime() - keptForMs))
  return isWritten
}

async function sampleQueues({ db, queueMonitor }: SampleDeps, minute: Date, end: Date) {
  const span = [minute.getTime(), end.getTime()] as const
  const [before, loads, failed, depths, ended] = await Promise.all([
    queries.readSamples(db, new Date(minute.getTime() - minuteMs)),
    readQueueLoads({ db, monitor: queueMonitor }),
    countFailedIn(db, minute, end),
    queueMonitor.readDepths(new Map()).catch(() => undefined),
    queueMonitor.readEnded(...span).catch(() => undefined),
  ])
  return queueNames.map((name) => {
    const load = loads?.queues[name]
    const depth = depths?.[name]
    const state = {
      waiting: load ? load.load - (load.active ?? 0) : null,
      active: load?.active ?? null,
      delayed: depth ? depth.delayed - depth.dueDelayed : null,
    }
    const completed = ended?.[name].completed ?? null
    // A scheduled run that failed has no row, and a row that Redis has lost still counts.
    const failures = Math.max(failed.get(name) ?? 0, ended?.[name].failed ?? 0)
    const [now, then] = [totalOf(state), totalOf(before.get(name))]
    const added =
      now === null || then === null || completed === null ? null : Math.max(0, now - then + completed + failures)
    return { name, ...state, oldest_ms: load?.oldestMs ?? null, added, completed, failed: failures }
  })
}

/** All jobs that are not done, also those whose time has not come. */
function totalOf(state: { waiting: number | null; active: number | null; delayed: number | null } | undefined) {
  if (!state || state.waiting === null || state.active === null || state.delayed === null) return null
  return state.waiting + state.active + state.delayed
}

/** Reads how far the outbox and the audit log are behind. */
async function sampleLags({ db }: SampleDeps) {
  const [outbox, auditSeconds] = await Promise.all([readOutboxState(db), readPendingAge(db)])
  return [
    { name: sampleNameOf('outbox'), waiting: outbox.pending, oldest_ms: outbox.oldestMs },
    { name: sampleNameOf('audit'), oldest_ms: Math.round(auditSeconds * 1_000) },
  ]
}

/** The audit queue has samples of its own. */
export const sampleNameOf = (beside: SampledBeside): string => `${beside} lag`

/** Writes samples each minute, and keeps queues paused that operators have paused. @returns a function that ends this */
export function startMinuteSamples(deps: SampleDeps & Pick<Deps, 'log'>): () => Promise<void> {
  const outage = trackOutage({
    log: deps.log,
    fields: { dependency: 'postgres', component: 'minute-samples' },
    down: 'minute samples not written',
    up: 'minute samples written again',
  })
  let running: Promise<void> = Promise.resolve()
  let isRunning = false
  let sampledMs = 0
  const run = async () => {
    try {
      const minute = minuteOf(deps.clock.now()).getTime()
      if (minute !== sampledMs) await sampleMinute(deps)
      sampledMs = minute
      await keepPauses(deps)
      outage.succeeded()
    } catch (error) {
      outage.failed(error)
    }
    isRunning = false
  }
  const timer = setInterval(() => {
    if (isRunning) return
    isRunning = true
    running = run()
  }, tickMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
