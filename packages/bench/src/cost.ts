import { type AppName, appNames, type RunningApp } from './apps.ts'
import { childCpuSeconds, cpuSeconds } from './child.ts'
import type { Server } from './pair.ts'
import type { Stage } from './stage.ts'
import { median } from './statistics.ts'

/** CPU time in seconds by process since it started, and the end of Postgres' log. */
type CostSample = { cpu: Map<string, number>; walBytes: number }
/** The cost of one request: microseconds of CPU time by process, and bytes of Postgres' log. */
export type Cost = { micros: Record<string, number>; walBytes: number }
/** Samples the processes of one side: its server, those that Muster runs besides, Postgres and Redis. */
export type CostMeter = (server: Server) => Promise<CostSample>

/**
 * Creates a meter of CPU time, which other load on the machine changes far less than rates.
 * @param apps Muster's processes; those beside the API count for either side, because they run all the time
 */
export function createCostMeter(stage: Stage, apps: Record<AppName, RunningApp>): CostMeter {
  const workers = appNames.filter((name) => name !== 'api')
  return async (server) => {
    const { rows } = await stage.db.query<{ pid: number; of: string; wal: string }>(
      `select pid, coalesce(nullif(application_name, ''), backend_type) as of,
         pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as wal
       from pg_stat_activity`,
    )
    const processes = [
      { name: 'server', pid: server.pid },
      { name: 'redis', pid: stage.servicePids.redis },
      ...workers.map((name) => ({ name, pid: apps[name].pid })),
      ...rows.map(({ pid, of }) => ({ name: `postgres: ${of}`, pid })),
    ]
    const cpu = new Map([['postgres: ended backends', childCpuSeconds(stage.servicePids.postgres) ?? 0]])
    for (const { name, pid } of processes) cpu.set(name, (cpu.get(name) ?? 0) + (cpuSeconds(pid) ?? 0))
    return { cpu, walBytes: Number(rows[0]?.wal) }
  }
}

/** Computes what one of `requests` requests cost between two samples. */
export function costBetween(before: CostSample, after: CostSample, requests: number): Cost {
  const micros = [...after.cpu].map(([name, seconds]) => {
    const used = Math.max(0, seconds - (before.cpu.get(name) ?? 0))
    return [name, (used * 1e6) / requests] as const
  })
  return { micros: Object.fromEntries(micros), walBytes: (after.walBytes - before.walBytes) / requests }
}

/** Formats the medians of rounds, e.g. `420 µs (server 210, postgres 150, audit-worker 60), 3.1 KiB of WAL`. */
export function formatCosts(costs: readonly (Cost | undefined)[]): string {
  const known = costs.filter((cost) => cost !== undefined)
  const sums = known.map(({ micros }) => byProcess(micros))
  const names = [...new Set(sums.flatMap((sum) => [...sum.keys()]))]
  const medians = names.map((name) => ({ name, micros: median(sums.map((sum) => sum.get(name) ?? 0)) }))
  const total = medians.reduce((sum, { micros }) => sum + micros, 0)
  const parts = medians
    .filter(({ micros }) => micros >= 1)
    .toSorted((a, b) => b.micros - a.micros)
    .map(({ name, micros }) => `${name} ${micros.toFixed(0)}`)
  const walKiB = median(known.map(({ walBytes }) => walBytes)) / 1_024
  return `${total.toFixed(0)} µs (${parts.join(', ')}), ${walKiB.toFixed(1)} KiB of WAL`
}

/** Adds Postgres' processes to one. */
function byProcess(micros: Cost['micros']): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [name, value] of Object.entries(micros)) {
    const process = name.replace(/: .*/, '')
    sums.set(process, (sums.get(process) ?? 0) + value)
  }
  return sums
}
