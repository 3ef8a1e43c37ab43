import type { Clock } from '@muster/db'
import { Counter, registry } from '@muster/telemetry'
import { beginTrace, type TraceRoot } from '@muster/tracing'
import type { Queue } from 'bullmq'
import { allJobs } from '../definitions/all-jobs.ts'
import type { QueueName } from '../definitions/define-job.ts'
import { keptJobs } from '../redis/kept-jobs.ts'
import type { OutboxRow } from './effects.ts'
import { type JobOptions, optionsOfCause } from './job-cause.ts'

/** The most rows that are published together. */
export const maxBatch = 500

export type Queues = ReadonlyMap<QueueName, Queue>

const publishedTotal = new Counter({
  name: 'muster_outbox_published_total',
  help: 'Outbox rows published to BullMQ by this process, repeats included.',
  labelNames: ['queue'],
  registers: [registry],
})

const jobOptions = new Map(allJobs.map(({ queue, name, options }) => [`${queue}/${name}`, options]))

/** Adds rows to BullMQ with the row's id as the job's id, so that a row that is published twice is one job. */
export async function publish(queues: Queues, rows: OutboxRow[], clock: Clock): Promise<void> {
  for (const [name, queue] of queues) {
    const own = rows.filter((row) => row.queue === name)
    if (own.length === 0) continue
    const traces = beginPublishing(own)
    const jobs = own.map((row) => toBulkJob(row, clock.now().getTime(), traces.get(row)))
    try {
      await addAll(queue, jobs)
      for (const trace of traces.values()) trace.end()
    } catch (error) {
      for (const trace of traces.values()) trace.end({ error })
      throw error
    }
    publishedTotal.inc({ queue: name }, own.length)
  }
}

type BulkJob = { name: string; data: unknown; opts: JobOptions }

async function addAll(queue: Queue, [only, ...others]: BulkJob[]): Promise<void> {
  if (!only) return
  // A pipeline costs more than the one command in it.
  await (others.length === 0 ? queue.add(only.name, only.data, only.opts) : queue.addBulk([only, ...others]))
}

/** Begins a span for each row whose trace is recorded. */
function beginPublishing(rows: OutboxRow[]): Map<OutboxRow, TraceRoot> {
  const traces = new Map<OutboxRow, TraceRoot>()
  for (const row of rows) {
    if (row.trace_parent === null) continue
    const trace = beginTrace(`publish ${row.queue}`, {
      kind: 'producer',
      parent: row.trace_parent,
      attributes: {
        'messaging.system': 'bullmq',
        'messaging.operation.type': 'send',
        'messaging.destination.name': row.queue,
      },
    })
    if (trace?.isRecorded) traces.set(row, trace)
  }
  return traces
}

function toBulkJob(row: OutboxRow, nowMs: number, trace: TraceRoot | undefined): BulkJob {
  return {
    name: row.name,
    data: row.payload,
    opts: {
      ...jobOptions.get(`${row.queue}/${row.name}`),
      ...optionsOfCause(trace ? { ...row, trace_parent: trace.traceParent } : row),
      jobId: row.id,
      delay: row.run_at ? Math.max(0, row.run_at.getTime() - nowMs) : 0,
      timestamp: nowMs,
      removeOnComplete: keptJobs.completed,
      removeOnFail: keptJobs.failed,
    },
  }
}
