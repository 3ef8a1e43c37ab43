import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'
import {
  type AuditRow,
  auditColumns,
  collectEffects,
  type Effects,
  type Nudge,
  type OutboxRow,
  outboxColumns,
} from './effects.ts'

export type TransactContext = Effects & { trx: Trx }

/** Runs `fn` in one Postgres transaction together with the jobs and audit events that it adds. */
export type Transact = <T>(fn: (context: TransactContext) => Promise<T>) => Promise<T>

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
    const { effects, jobs, events, runAfterCommit } = collectEffects()
    const result = await db.transaction().execute(async (trx) => {
      await hooks.begin?.(trx)
      const value = await fn({ trx, ...effects })
      if (events.length > 0 || jobs.length > 0) await insertRows(trx, events, jobs)
      return value
    })
    await runAfterCommit(publisher)
    return result
  }
}

/** One statement, whose text does not depend on the number of rows, so that it stays one prepared statement. */
async function insertRows(trx: Trx, events: AuditRow[], jobs: OutboxRow[]): Promise<void> {
  await sql`
    with audited as (
      insert into audit_pending (${auditColumns})
      select * from unnest(
        ${column(events, 'id')}::uuid[], ${column(events, 'action')}::text[], ${column(events, 'actor_id')}::uuid[],
        ${column(events, 'target_type')}::text[], ${column(events, 'target_id')}::text[], ${column(events, 'ip')}::text[],
        ${column(events, 'user_agent')}::text[], ${column(events, 'request_id')}::text[],
        ${column(events, 'before')}::jsonb[], ${column(events, 'after')}::jsonb[]
      )
    )
    insert into outbox (${outboxColumns})
    select * from unnest(
      ${column(jobs, 'id')}::uuid[], ${column(jobs, 'queue')}::text[], ${column(jobs, 'name')}::text[],
      ${jobs.map(({ payload }) => JSON.stringify(payload))}::jsonb[], ${column(jobs, 'run_at')}::timestamptz[],
      ${column(jobs, 'request_id')}::text[], ${column(jobs, 'trace_parent')}::text[]
    )`.execute(trx)
}

const column = <Row, Name extends keyof Row>(rows: Row[], name: Name) => rows.map((row) => row[name])
