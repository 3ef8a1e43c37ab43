import { type Db, newId, type Trx } from '@muster/db'
import { sql } from 'kysely'
import type { z } from 'zod'
import { type AuditEvent, auditRow } from './audit.ts'
import type { OwedJob } from './define-job.ts'
import type { OutboxRow } from './hand-over.ts'
import type { Relay } from './relay.ts'

export type TransactContext = {
  trx: Trx
  /** Orders a job that exists exactly when the transaction commits. @returns the job's id */
  enqueue<P extends z.ZodType>(job: OwedJob<P>, payload: z.input<P>, options?: { runAt?: Date }): string
  /** Records what happened, in the same transaction. */
  audit(event: AuditEvent): void
  /** Runs when the transaction has committed, before its caller goes on: what lies outside of Postgres. It may not fail. */
  afterCommit(fn: () => Promise<void>): void
}

/** Runs `fn` in one Postgres transaction together with the jobs and audit events that it orders. */
export type Transact = <T>(fn: (context: TransactContext) => Promise<T>) => Promise<T>

type AuditRow = ReturnType<typeof auditRow>

/**
 * The only way to order slow work: rows, jobs and audit events commit together, then the relay of this process is nudged.
 * A crash between commit and nudge loses nothing, since every relay also looks by itself.
 * @param hooks.begin runs first in each transaction, e.g. a worker's acknowledgement
 */
export function createTransact(
  { db, relay }: { db: Db; relay: Pick<Relay, 'nudge' | 'hintAudit'> },
  hooks: { begin?: (trx: Trx) => Promise<void> } = {},
): Transact {
  return async (fn) => {
    const jobs: OutboxRow[] = []
    const events: AuditRow[] = []
    const followUps: (() => Promise<void>)[] = []
    const result = await db.transaction().execute(async (trx) => {
      await hooks.begin?.(trx)
      const value = await fn({
        trx,
        enqueue(job, payload, options) {
          // A payload that its own schema refuses is a bug of the caller and must not commit.
          const row = {
            id: newId(),
            queue: job.queue,
            name: job.name,
            payload: job.payload.parse(payload),
            run_at: options?.runAt ?? null,
          }
          jobs.push(row)
          return row.id
        },
        audit: (event) => events.push(auditRow(event)),
        afterCommit: (followUp) => followUps.push(followUp),
      })
      if (events.length > 0 || jobs.length > 0) await insertOrdered(trx, events, jobs)
      return value
    })
    if (jobs.length > 0) relay.nudge(jobs)
    if (events.length > 0) relay.hintAudit()
    await Promise.all(followUps.map((followUp) => followUp()))
    return result
  }
}

/** One statement, whose text does not depend on how many there are, so that it stays one prepared statement. */
async function insertOrdered(trx: Trx, events: AuditRow[], jobs: OutboxRow[]): Promise<void> {
  await sql`
    with audited as (
      insert into audit_pending (id, action, actor_id, target_type, target_id, ip, user_agent, request_id, before, after)
      select * from unnest(
        ${column(events, 'id')}::uuid[], ${column(events, 'action')}::text[], ${column(events, 'actor_id')}::uuid[],
        ${column(events, 'target_type')}::text[], ${column(events, 'target_id')}::text[], ${column(events, 'ip')}::text[],
        ${column(events, 'user_agent')}::text[], ${column(events, 'request_id')}::text[],
        ${column(events, 'before')}::jsonb[], ${column(events, 'after')}::jsonb[]
      )
    )
    insert into outbox (id, queue, name, payload, run_at)
    select * from unnest(
      ${column(jobs, 'id')}::uuid[], ${column(jobs, 'queue')}::text[], ${column(jobs, 'name')}::text[],
      ${jobs.map(({ payload }) => JSON.stringify(payload))}::jsonb[], ${column(jobs, 'run_at')}::timestamptz[]
    )`.execute(trx)
}

const column = <Row, Name extends keyof Row>(rows: Row[], name: Name) => rows.map((row) => row[name])
