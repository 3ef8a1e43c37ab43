import { currentCause } from '@muster/cause'
import { newId } from '@muster/db'
import type { Signal } from '@muster/signals'
import { sql } from 'kysely'
import type { z } from 'zod'
import type { OutboxJob } from '../definitions/define-job.ts'
import { type AuditEvent, auditRow } from './audit-row.ts'

/** A pending job as its row of `outbox`. */
export type OutboxRow = {
  id: string
  queue: string
  name: string
  payload: unknown
  run_at: Date | null
  /** The request that enqueued it, or that enqueued the job which did; null when there is none. */
  request_id: string | null
  trace_parent: string | null
}

export const outboxColumns = sql.raw('id, queue, name, payload, run_at, request_id, trace_parent')
/** The columns as `json_to_recordset` reads them from the JSON of a row. */
export const outboxRecord = sql.raw(
  'id uuid, queue text, name text, payload jsonb, run_at timestamptz, request_id text, trace_parent text',
)

export type AuditRow = ReturnType<typeof auditRow>

export const auditColumns = sql.raw(
  'id, action, actor_id, target_type, target_id, ip, user_agent, request_id, before, after',
)
/** As for the outbox. `before` and `after` are JSON in a text. */
export const auditRecord = sql.raw(
  `id uuid, action text, actor_id uuid, target_type text, target_id text, ip text, user_agent text, request_id text, "before" text, "after" text`,
)
export const auditOfRecord = sql.raw(
  `id, action, actor_id, target_type, target_id, ip, user_agent, request_id, "before"::jsonb, "after"::jsonb`,
)

/** The part of a publisher that is called after a commit. */
export type Nudge = {
  /** Publishes rows that were committed just now. Returns at once, and may lose them: they are pending in Postgres. */
  nudge(rows: OutboxRow[]): void
  /** Wakes the audit worker soon. Returns at once, and the signal may be lost: the worker also polls. */
  wakeAuditWorker(): void
  /** Wakes the processes whose sockets a committed change concerns. Returns at once, and signals may be lost: those processes also poll. */
  signal(signals: readonly Signal[]): void
}

/** For a process without a publisher, e.g. a command: the publishers of other processes find its rows by polling. */
export const noPublisher: Nudge = { nudge() {}, wakeAuditWorker() {}, signal() {} }

/** Adds effects to a write: they take place exactly when the write commits. */
export type Effects = {
  /** Enqueues a job. @returns the job's id */
  enqueue<P extends z.ZodType>(job: OutboxJob<P>, payload: z.input<P>, options?: { runAt?: Date }): string
  /** Records an audit event. */
  audit(event: AuditEvent): void
  /** Signals the change to the processes whose sockets it concerns, after the commit. */
  signal(signal: Signal): void
  /** Runs `fn` after the commit and before the caller continues, for effects outside of Postgres. It must not fail. */
  afterCommit(fn: () => Promise<void>): void
}

/**
 * Collects the effects of one write. `jobs` and `events` are to be inserted with it, `runAfterCommit` to be called once it
 * has committed.
 */
export function collectEffects() {
  const jobs: OutboxRow[] = []
  const events: AuditRow[] = []
  const signals: Signal[] = []
  const followUps: (() => Promise<void>)[] = []
  const effects: Effects = {
    enqueue(job, payload, options) {
      const { requestId = null, traceParent = null } = currentCause() ?? {}
      // A payload that its own schema refuses is a bug of the caller and must not commit.
      const row = {
        id: newId(),
        queue: job.queue,
        name: job.name,
        payload: job.payload.parse(payload),
        run_at: options?.runAt ?? null,
        request_id: requestId,
        trace_parent: traceParent,
      }
      jobs.push(row)
      return row.id
    },
    audit: (event) => events.push(auditRow(event)),
    signal: (signal) => signals.push(signal),
    afterCommit: (followUp) => followUps.push(followUp),
  }
  const runAfterCommit = async (publisher: Nudge) => {
    if (jobs.length > 0) publisher.nudge(jobs)
    if (events.length > 0) publisher.wakeAuditWorker()
    if (signals.length > 0) publisher.signal(signals)
    await Promise.all(followUps.map((followUp) => followUp()))
  }
  return { effects, jobs, events, runAfterCommit }
}
