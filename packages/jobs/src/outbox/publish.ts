import type { Clock } from '@muster/db'
import { Counter, registry } from '@muster/telemetry'
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
    const [only, ...others] = own.map((row) => toBulkJob(row, clock.now().getTime()))
    if (!only) continue
    // A pipeline costs more than the one command in it.
    await (others.length === 0 ? queue.add(only.name, only.data, only.opts) : queue.addBulk([only, ...others]))
    publishedTotal.inc({ queue: name }, own.length)
  }
}

function toBulkJob(row: OutboxRow, nowMs: number): { name: string; data: unknown; opts: JobOptions } {
  return {
    name: row.name,
    data: row.payload,
    opts: {
      ...jobOptions.get(`${row.queue}/${row.name}`),
      ...optionsOfCause(row),
      jobId: row.id,
      delay: row.run_at ? Math.max(0, row.run_at.getTime() - nowMs) : 0,
      timestamp: nowMs,
      removeOnComplete: keptJobs.completed,
      removeOnFail: keptJobs.failed,
    },
  }
}
