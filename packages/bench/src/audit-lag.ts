import { setTimeout as sleep } from 'node:timers/promises'
import type { Stage } from './stage.ts'

export type AuditLag = {
  /** The highest number of pending rows, and the highest age of one. */
  maxPending: number
  maxAgeMs: number
}

const pollIntervalMs = 500
const settleMs = 60_000

/** Polls `audit_pending` until `stop`, which returns the maxima. */
export function watchAudit({ db }: Pick<Stage, 'db'>): { stop(): Promise<AuditLag> } {
  const lag: AuditLag = { maxPending: 0, maxAgeMs: 0 }
  let isOver = false
  const running = (async () => {
    while (!isOver) {
      const { rows } = await db.query<{ pending: number; age_ms: number }>(
        `select count(*)::int as pending,
           coalesce(extract(epoch from clock_timestamp() - min(created_at)) * 1000, 0)::float8 as age_ms
         from audit_pending`,
      )
      lag.maxPending = Math.max(lag.maxPending, rows[0]?.pending ?? 0)
      lag.maxAgeMs = Math.max(lag.maxAgeMs, rows[0]?.age_ms ?? 0)
      await sleep(pollIntervalMs)
    }
  })()
  return {
    async stop() {
      isOver = true
      await running
      return lag
    },
  }
}

/** Waits until every audit event is chained. @throws Error after a minute */
export async function settleAudit({ db }: Pick<Stage, 'db'>): Promise<void> {
  const deadlineMs = performance.now() + settleMs
  while ((await db.query('select from audit_pending limit 1')).rowCount) {
    if (performance.now() > deadlineMs) throw new Error('Audit events are still pending after 60 s.')
    await sleep(100)
  }
}
