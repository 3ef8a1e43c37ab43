import type { Clock } from '@muster/db'
import { Counter, registry } from '@muster/telemetry'
import type { JobsOptions, Queue } from 'bullmq'
import { allJobs } from './catalogue.ts'
import type { QueueName } from './define-job.ts'

/** A job that is owed, as its row of `outbox` has it. */
export type OutboxRow = { id: string; queue: string; name: string; payload: unknown; run_at: Date | null }

/** Rows that are handed over together. */
export const maxBatch = 500

export type Queues = ReadonlyMap<QueueName, Queue>

const publishedTotal = new Counter({
  name: 'muster_outbox_published_total',
  help: 'Outbox rows handed to BullMQ by this process, repeats included.',
  labelNames: ['queue'],
  registers: [registry],
})

const jobOptions = new Map(allJobs.map(({ queue, name, options }) => [`${queue}/${name}`, options]))

/** Gives rows to BullMQ under their own ids, so that one which it has already is no second job. */
export async function handOver(queues: Queues, rows: OutboxRow[], clock: Clock): Promise<void> {
  for (const [name, queue] of queues) {
    const own = rows.filter((row) => row.queue === name)
    const [only, ...others] = own.map((row) => toBulkJob(row, clock.now().getTime()))
    if (!only) continue
    // A pipeline costs more than the one command in it.
    await (others.length === 0 ? queue.add(only.name, only.data, only.opts) : queue.addBulk([only, ...others]))
    publishedTotal.inc({ queue: name }, own.length)
  }
}

function toBulkJob(row: OutboxRow, nowMs: number): { name: string; data: unknown; opts: JobsOptions } {
  return {
    name: row.name,
    data: row.payload,
    opts: {
      ...jobOptions.get(`${row.queue}/${row.name}`),
      jobId: row.id,
      delay: row.run_at ? Math.max(0, row.run_at.getTime() - nowMs) : 0,
      timestamp: nowMs,
      removeOnComplete: { age: 3_600, count: 10_000 },
      removeOnFail: { age: 30 * 86_400, count: 10_000 },
    },
  }
}
