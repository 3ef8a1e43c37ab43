import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSeconds } from '../../child.ts'
import type { Stage } from '../../stage.ts'
import type { Cost } from '../constants.ts'

/** Processes of Muster by the name under which their processor time is reported. */
export type Pids = Record<string, number>

/** Totals since the start of the services. */
type Snapshot = Cost & { atMs: number }

/** Postgres' idle connections report their counts within this time. */
const statisticsMs = 11_000
/** Rows of these come and go: their size tells nothing of what stays. */
const passing = [
  'outbox',
  'audit_pending',
  'chats',
  'notification_counters',
  'kysely_migration',
  'kysely_migration_lock',
]

/**
 * Measures what `work` costs for each of `count` units: processor time of each process, of Postgres with all its connections and of Redis,
 * bytes of the write-ahead log, rows that were inserted, updated or deleted, and bytes of tables and indexes that stay.
 * @param idle what the same processes use a second while nothing happens; it is subtracted
 */
export async function costOf(
  stage: Stage,
  { pids, count, idle, countsRows }: { pids: Pids; count: number; idle?: Cost; countsRows?: boolean },
  work: () => Promise<unknown>,
): Promise<Cost> {
  if (countsRows) await sleep(statisticsMs)
  const before = await snapshot(stage, pids)
  await work()
  const end = await snapshot(stage, pids)
  if (countsRows) await sleep(statisticsMs)
  const after = countsRows ? await snapshot(stage, pids) : end
  const seconds = (end.atMs - before.atMs) / 1_000
  const each = (total: number, idleEachSecond = 0) => Math.max(0, total - idleEachSecond * seconds) / count
  return {
    cpuUs: Object.fromEntries(
      Object.keys(end.cpuUs).map((name) => [
        name,
        each((end.cpuUs[name] ?? 0) - (before.cpuUs[name] ?? 0), idle?.cpuUs[name]),
      ]),
    ),
    redisCommands: each(end.redisCommands - before.redisCommands, idle?.redisCommands),
    walBytes: each(end.walBytes - before.walBytes, idle?.walBytes),
    rows: countsRows ? (after.rows - before.rows) / count : 0,
    transactions: countsRows ? (after.transactions - before.transactions) / count : 0,
    storedBytes: countsRows ? (after.storedBytes - before.storedBytes) / count : 0,
  }
}

/** Measures what processes use a second while nothing happens. */
export const idleCost = (stage: Stage, pids: Pids, seconds: number): Promise<Cost> =>
  costOf(stage, { pids, count: seconds }, () => sleep(seconds * 1_000))

async function snapshot(stage: Stage, pids: Pids): Promise<Snapshot> {
  const { rows } = await stage.db.query<{
    wal: string
    images: string
    rows: string
    transactions: string
    bytes: string
  }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as wal,
       (select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables) as rows,
       (select xact_commit from pg_stat_database where datname = current_database()) as transactions,
       (select sum(pg_total_relation_size(oid)) from pg_class where relkind = 'r' and relname <> all($1)
          and relnamespace = 'public'::regnamespace) as bytes`,
    [passing],
  )
  const [read] = rows
  const info = await stage.redis.info('stats')
  return {
    atMs: performance.now(),
    cpuUs: {
      ...Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, (cpuSeconds(pid) ?? 0) * 1e6])),
      postgres: postgresCpuUs(stage.servicePids.postgres),
      redis: (cpuSeconds(stage.servicePids.redis) ?? 0) * 1e6,
    },
    redisCommands: Number(/total_commands_processed:(\d+)/.exec(info)?.[1]),
    walBytes: Number(read?.wal),
    rows: Number(read?.rows),
    transactions: Number(read?.transactions),
    storedBytes: Number(read?.bytes),
  }
}

const ticksPerSecond = 100

/** Sums the processor time of the postmaster, of its children, and of those that have ended. */
function postgresCpuUs(postmaster: number): number {
  let ticks = 0
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const fields = statOf(pid)
    if (Number(pid) === postmaster) ticks += sum(fields.slice(11, 15))
    else if (Number(fields[1]) === postmaster) ticks += sum(fields.slice(11, 13))
  }
  return (ticks / ticksPerSecond) * 1e6
}

/** Returns the fields of a process behind its name; none when it has ended. */
function statOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  } catch {
    return []
  }
}

const sum = (values: readonly string[]) => values.reduce((total, value) => total + Number(value), 0)
