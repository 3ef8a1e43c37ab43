import { type Db, newId, type Trx } from '@muster/db'
import { sql } from 'kysely'
import type { z } from 'zod'
import type { OutboxJob } from '../definitions/define-job.ts'
import { type AuditEvent, auditRow } from './audit-row.ts'

/** A pending job as its row of `outbox`. */
export type OutboxRow = { id: string; queue: string; name: string; payload: unknown; run_at: Date | null }

export type TransactContext = {
  trx: Trx
  /** Enqueues a job that exists exactly when the transaction commits. @returns the job's id */
  enqueue<P extends z.ZodType>(job: OutboxJob<P>, payload: z.input<P>, options?: { runAt?: Date }): string
  /** Records an audit event in the same transaction. */
  audit(event: AuditEvent): void
  /** Runs `fn` after the commit, before `transact` returns: effects outside of Postgres. It must not fail. */
  afterCommit(fn: () => Promise<void>): void
}

/** Runs `fn` in one Postgres transaction together with the jobs and audit events that it adds. */
export type Transact = <T>(fn: (context: TransactContext) => Promise<T>) => Promise<T>

/** The part of a publisher that `transact` calls after a commit. */
export type Nudge = {
  /** Publishes rows that were committed just now. Returns at once, and may lose them: they are pending in Postgres. */
  nudge(rows: OutboxRow[]): void
  /** Wakes the audit worker soon. Returns at once, and the signal may be lost: the worker also polls. */
  wakeAuditWorker(): void
}

/** For a process without a publisher, e.g. a command: the publishers of other processes find its rows by polling. */
export const noPublisher: Nudge = { nudge() {}, wakeAuditWorker() {} }

type AuditRow = ReturnType<typeof auditRow>

/**
 * Creates the only way to enqueue jobs: rows, jobs and audit events commit together, then the publisher is nudged. A crash
 * between commit and nudge loses nothing, since every publisher also polls the outbox.
 * @param hooks.begin runs first in each transaction, e.g. a worker's acknowledgement
 */
export function createTransact(
  { db, publisher }: { db: Db; publisher: Nudge },
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
      if (events.length > 0 || jobs.length > 0) await insertRows(trx, events, jobs)
      return value
    })
    if (jobs.length > 0) publisher.nudge(jobs)
    if (events.length > 0) publisher.wakeAuditWorker()
    await Promise.all(followUps.map((followUp) => followUp()))
    return result
  }
}

/** One statement, whose text does not depend on the number of rows, so that it stays one prepared statement. */
async function insertRows(trx: Trx, events: AuditRow[], jobs: OutboxRow[]): Promise<void> {
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
