import type { Db } from '@muster/db'
import { causeOfJob, type QueueMonitor } from '@muster/jobs/admin'
import { sql } from 'kysely'

/** A thing that an id names, the request that caused it, and the command that shows the thing itself. */
export type Caused = {
  kind: 'mail' | 'job' | 'notification' | 'audit event' | 'user'
  /** Null when no request caused it, or it is not known any more. */
  requestId: string | null
  command?: string
}

type Sources = { db: Db; queueMonitor: Pick<QueueMonitor, 'queues'> }

/** Finds what an id names that is none of a request. @returns undefined when nothing has it, as far as it is kept */
export async function findRequestOf({ db, queueMonitor }: Sources, id: string): Promise<Caused | undefined> {
  return (await findRow(db, id)) ?? (await findJob(queueMonitor, id).catch(() => undefined))
}

/** Each table is asked by its primary key. */
async function findRow(db: Db, id: string): Promise<Caused | undefined> {
  const { rows } = await sql<{ kind: Caused['kind']; requestId: string | null; queue: string | null }>`
    select 'mail' as kind, request_id as "requestId", null as queue from email_messages where id = ${id}::uuid
    union all select 'job', request_id, queue from outbox where id = ${id}::uuid
    union all select 'notification', request_id, null from notifications where id = ${id}::uuid
    union all select 'audit event', request_id, null from audit_pending where id = ${id}::uuid
    union all select 'audit event', request_id, null from audit_personal where event_id = ${id}::uuid
    union all select 'user', null, null from users where id = ${id}::uuid`.execute(db)
  const [row] = rows
  return row && describe(row, id)
}

async function findJob(queueMonitor: Sources['queueMonitor'], id: string): Promise<Caused | undefined> {
  for (const [queue, bullmq] of await queueMonitor.queues()) {
    const job = await bullmq.getJob(id)
    if (job) return describe({ kind: 'job', requestId: causeOfJob(job)?.requestId ?? null, queue }, id)
  }
  return undefined
}

function describe(row: Pick<Caused, 'kind' | 'requestId'> & { queue: string | null }, id: string): Caused {
  const commands: Partial<Record<Caused['kind'], string>> = {
    mail: `muster mail show ${id}`,
    user: `muster users show ${id}`,
    job: `muster queues failed ${row.queue}`,
  }
  const command = commands[row.kind]
  return { kind: row.kind, requestId: row.requestId, ...(command && { command }) }
}
