import { eventually } from '@muster/testing'
import pg from 'pg'

/** What the database says happened; asked over a connection that is no part of Muster. */
export type Books = {
  /** Jobs that nobody has finished and that have not failed for good. */
  owed(): Promise<number>
  /** Until nothing is owed any more. */
  settled(options?: { timeoutMs?: number }): Promise<void>
  /** How often each target was audited with this action, in the order of the ids. */
  auditCounts(action: string, targetIds: string[]): Promise<number[]>
  /** Whether the chain's numbers are 1, 2, 3 … without a gap, and each row's link is the row before. */
  isChainWhole(): Promise<boolean>
  query<T extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<T[]>
  close(): Promise<void>
}

export function openBooks(databaseUrl: string): Books {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 3, application_name: 'chaos-books' })
  // A Postgres that is stopped on purpose takes idle connections along.
  pool.on('error', () => {})
  const query: Books['query'] = async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
    (await pool.query<T>(text, values)).rows
  const count = async (text: string) => (await query<{ count: number }>(`select count(*)::int ${text}`))[0]?.count ?? 0
  const owed = () => count('from outbox where failed_at is null')

  return {
    owed,
    settled: ({ timeoutMs = 60_000 } = {}) =>
      eventually(
        async () => {
          const [jobs, events] = [await owed(), await count('from audit_pending')]
          if (jobs + events > 0) throw new Error(`Still owed: ${jobs} jobs, ${events} audit events.`)
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
    async isChainWhole() {
      const [row] = await query<{ whole: boolean }>(`
        select coalesce(bool_and(seq = place and (previous is null or previous_hash = previous)), true) as whole
        from (select seq, row_number() over (order by seq) as place, previous_hash, lag(hash) over (order by seq) as previous
          from audit_events) chain`)
      return row?.whole ?? false
    },
    query,
    close: () => pool.end(),
  }
}
