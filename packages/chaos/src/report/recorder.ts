import type { App } from '../system/apps.ts'
import type { Inspector } from '../system/inspector.ts'
import type { SmtpLedger } from '../system/smtp-ledger.ts'
import { createFaultLog, type FaultLog, noFaultLog } from './fault-log.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { currentFile, isRecording, writeRecord } from './record.ts'

/** Records the faults of a system and what became of what it acknowledged, for the report of `npm run chaos`. */
export type Recorder = { faults: FaultLog; ledger: Ledger; close(): Promise<void> }

type Sources = { apiUrl: string; inspector: Inspector; smtp: SmtpLedger; runningApps(): App[] }

const healthMs = 2_000

export function startRecorder(sources: Sources): Recorder {
  const ledger = createLedger()
  if (!isRecording) return { faults: noFaultLog, ledger, close: async () => {} }
  const file = currentFile()
  const faults = createFaultLog(() => startRecovery(sources))
  return {
    faults,
    ledger,
    async close() {
      const found = await faults.close()
      // A test may leave its Postgres stopped; then nobody can tell.
      const settled = await ledger.settle(sources).catch(() => [])
      writeRecord({ kind: 'system', file, faults: found, ledger: settled })
    },
  }
}

/**
 * Starts watching for the end of a recovery: the API is healthy, and every due job is done that was pending when the fault ended, as far as
 * a worker of its queue runs.
 */
function startRecovery({ apiUrl, inspector, runningApps }: Sources): () => Promise<boolean> {
  let lastPending: Promise<string | undefined> | undefined
  return async () => {
    lastPending ??= newestJob(inspector).catch((error: unknown) => {
      lastPending = undefined
      throw error
    })
    const last = await lastPending
    const running = runningApps().map(({ name }) => name)
    if (running.includes('api') && !(await isHealthy(apiUrl))) return false
    const queues = running.map((name) => name.replace('-worker', ''))
    const left = await inspector.query(
      `select from outbox where id <= $1 and queue = any($2) and failed_at is null and coalesce(run_at, now()) <= now() limit 1`,
      [last ?? '00000000-0000-0000-0000-000000000000', queues],
    )
    return left.length === 0
  }
}

async function newestJob({ query }: Inspector): Promise<string | undefined> {
  const [newest] = await query<{ id: string }>('select id from outbox order by id desc limit 1')
  return newest?.id
}

async function isHealthy(apiUrl: string): Promise<boolean> {
  const answer = await fetch(`${apiUrl}/health`, { signal: AbortSignal.timeout(healthMs) })
  const { checks } = (await answer.json()) as { checks: Record<'postgres' | 'redis' | 'outbox', { status: string }> }
  return [checks.postgres, checks.redis, checks.outbox].every(({ status }) => status === 'up')
}
