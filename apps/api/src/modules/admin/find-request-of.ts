import type { Db } from '@muster/db'
import { causeOfJob, type QueueMonitor } from '@muster/jobs/admin'
import { type CausedRecord, findRecord } from './request-trace.queries.ts'

/** A record, and the command that shows it. */
export type ShownRecord = CausedRecord & { command?: string }

type Sources = { db: Db; queueMonitor: Pick<QueueMonitor, 'queues'> }

/** Finds a record by its id, with the request that caused it: in Postgres, or else among the jobs of BullMQ. */
export async function findRequestOf({ db, queueMonitor }: Sources, id: string): Promise<ShownRecord | undefined> {
  // While Redis is unavailable, the trace says that jobs are missing.
  const record = (await findRecord(db, id)) ?? (await findJob(queueMonitor, id).catch(() => undefined))
  if (!record) return undefined
  const commands: Partial<Record<CausedRecord['kind'], string>> = {
    mail: `muster mail show ${id}`,
    user: `muster users show ${id}`,
    job: `muster queues failed ${record.queue}`,
  }
  const command = commands[record.kind]
  return { ...record, ...(command && { command }) }
}

async function findJob(queueMonitor: Sources['queueMonitor'], id: string): Promise<CausedRecord | undefined> {
  for (const [queue, bullmq] of await queueMonitor.queues()) {
    const job = await bullmq.getJob(id)
    if (job) return { kind: 'job', requestId: causeOfJob(job)?.requestId ?? null, queue }
  }
  return undefined
}
