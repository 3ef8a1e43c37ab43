import type { Db } from '@muster/db'
import { reasonOf } from '@muster/telemetry'
import { type QueueName, queueNames } from '../definitions/define-job.ts'
import { type DueRows, readDueRows } from './due-rows.ts'
import type { QueueDepth } from './queue-depth.ts'
import type { QueueMonitor } from './queue-monitor.ts'

/** The work of one queue that can be done now. Parts that could not be read are null. */
export type QueueLoad = {
  /** The number of jobs, each counted once; by it workers are scaled. */
  load: number
  waiting: number | null
  prioritized: number | null
  dueDelayed: number | null
  active: number | null
  /** Outbox rows that are not in BullMQ; while Redis is unavailable, those of all jobs. */
  outbox: number | null
  /** How long the job that waits the longest has been due; 0 when none waits. */
  oldestMs: number
}

export type QueueLoads = {
  /** The services that could not be read, with the reason. */
  unavailable: Partial<Record<'redis' | 'postgres', string>>
  queues: Record<QueueName, QueueLoad>
}

type Sources = { db: Db; monitor: Pick<QueueMonitor, 'readDepths'> }

/** Upper bound of each of at most three reads: KEDA's scalers wait 3 s for the answer. */
const patienceMs = 800
const noRows: DueRows = { count: 0, ids: [], oldestMs: 0 }

/**
 * Reads the work of each queue that can be done now. While Redis is unavailable, the outbox alone counts: a job is a row of it until it
 * is done. While Postgres is unavailable, BullMQ alone counts.
 * @returns undefined while both are unavailable
 */
export async function readQueueLoads({ db, monitor }: Sources): Promise<QueueLoads | undefined> {
  const outbox = await attempt(readDueRows(db, { isPublishedToo: false }))
  const ids = new Map([...(outbox.value ?? [])].map(([name, due]) => [name, due.ids]))
  const bullmq = await attempt(monitor.readDepths(ids))
  if (bullmq.value) {
    const unavailable = outbox.value ? {} : { postgres: outbox.reason }
    return {
      unavailable,
      queues: forEachQueue((name) => loadOf(bullmq.value[name], outbox.value && (outbox.value.get(name) ?? noRows))),
    }
  }
  const all = outbox.value && (await attempt(readDueRows(db, { isPublishedToo: true })))
  if (!all?.value) return undefined
  return {
    unavailable: { redis: bullmq.reason },
    queues: forEachQueue((name) => outboxLoad(all.value.get(name) ?? noRows)),
  }
}

const forEachQueue = (load: (name: QueueName) => QueueLoad) =>
  Object.fromEntries(queueNames.map((name) => [name, load(name)])) as Record<QueueName, QueueLoad>

function loadOf(depth: QueueDepth, rows: DueRows | undefined): QueueLoad {
  const { waiting, prioritized, dueDelayed, active } = depth
  // Rows whose job BullMQ has already are marked as published in a moment.
  const unpublished = rows && rows.count - rows.ids.length + depth.unknown
  return {
    load: waiting + prioritized + dueDelayed + active + (unpublished ?? 0),
    waiting,
    prioritized,
    dueDelayed,
    active,
    outbox: unpublished ?? null,
    oldestMs: Math.max(depth.oldestMs, unpublished ? (rows?.oldestMs ?? 0) : 0),
  }
}

const outboxLoad = ({ count, oldestMs }: DueRows): QueueLoad => ({
  load: count,
  waiting: null,
  prioritized: null,
  dueDelayed: null,
  active: null,
  outbox: count,
  oldestMs,
})

type Attempt<T> = { value: T; reason?: undefined } | { value?: undefined; reason: string }

/** Waits for a read, but not longer than the patience. Never rejects. */
async function attempt<T>(read: Promise<T>): Promise<Attempt<T>> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<Attempt<T>>((resolve) => {
    timer = setTimeout(() => resolve({ reason: 'TIMEOUT' }), patienceMs)
  })
  const outcome = read.then(
    (value) => ({ value }),
    (error: unknown) => ({ reason: reasonOf(error) }),
  )
  return Promise.race([outcome, limit]).finally(() => clearTimeout(timer))
}
