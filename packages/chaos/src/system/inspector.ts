import { eventually } from '@muster/testing'
import pg from 'pg'

/** Reads the state of a system from its database, over connections that are not part of the system. */
export type Inspector = {
  /** Counts the outbox rows that are neither processed nor failed. */
  pendingJobs(): Promise<number>
  /** Waits until no job and no audit event is pending. @throws when some still are at the time limit */
  waitUntilIdle(options?: { timeoutMs?: number }): Promise<void>
  /** Counts the audit events with this action for each target, in the order of the ids. */
  auditCounts(action: string, targetIds: string[]): Promise<number[]>
  /** Checks that the events are numbered 1, 2, 3 … without a gap and that each holds the hash of its predecessor. */
  isAuditChainIntact(): Promise<boolean>
  query<T extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<T[]>
  close(): Promise<void>
}

/** Opens the inspector's own connection pool. */
export function openInspector(databaseUrl: string): Inspector {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 3, application_name: 'chaos-inspector' })
  // A test that stops Postgres ends idle connections as well.
  pool.on('error', () => {})
  const query: Inspector['query'] = async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
    (await pool.query<T>(text, values)).rows
  const count = async (text: string) => (await query<{ count: number }>(`select count(*)::int ${text}`))[0]?.count ?? 0
  const pendingJobs = () => count('from outbox where failed_at is null')

  return {
    pendingJobs,
    waitUntilIdle: ({ timeoutMs = 60_000 } = {}) =>
      eventually(
        async () => {
          const [jobs, events] = [await pendingJobs(), await count('from audit_pending')]
          if (jobs + events > 0) throw new Error(`${jobs} jobs and ${events} audit events are still pending.`)
        },
        { timeoutMs, intervalMs: 50 },
      ),
    async auditCounts(action, targetIds) {
      const rows = await query<{ target_id: string; count: number }>(
        `select target_id, count(*)::int from audit_events where action = $1 and target_id = any($2) group by 1`,
        [action, targetIds],
      )
      const counts = new Map(rows.map((row) => [row.target_id, row.count]))
      return targetIds.map((id) => counts.get(id) ?? 0)
    },
    async isAuditChainIntact() {
      const [row] = await query<{ intact: boolean }>(`
        select coalesce(bool_and(seq = position and (predecessor is null or previous_hash = predecessor)), true) as intact
        from (select seq, row_number() over (order by seq) as position, previous_hash,
            lag(hash) over (order by seq) as predecessor
          from audit_events) chain`)
      return row?.intact ?? false
    },
    query,
    close: () => pool.end(),
  }
}
