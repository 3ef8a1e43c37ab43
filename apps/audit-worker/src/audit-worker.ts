import { isDatabaseUnavailable } from '@muster/db'
import { startWorker } from '@muster/jobs/worker'
import { announceHead } from './announce-head.ts'
import { prepareMonths } from './append.ts'
import { createChainer } from './chainer.ts'
import type { Deps } from './deps.ts'
import { chainAuditHandler } from './handlers/chain-audit.ts'

type AuditWorkerOptions = {
  concurrency: number
  /** How often it looks by itself: without Redis nobody tells it. */
  sweepIntervalMs?: number
  headIntervalMs?: number
}

/** Everything this process does: chain on a hint, chain by a timer of its own, and announce the signed head. */
export function startAuditWorker(
  deps: Deps,
  { concurrency, sweepIntervalMs = 1_000, headIntervalMs = 60_000 }: AuditWorkerOptions,
): { close(): Promise<void> } {
  const { log } = deps
  const chainer = createChainer(deps)
  const worker = startWorker({ queue: 'audit', handlers: [chainAuditHandler({ chainer })], deps, concurrency })

  const logTrouble = (error: unknown) =>
    isDatabaseUnavailable(error)
      ? log.warn({ err: error }, 'the chain waits for Postgres')
      : log.error({ err: error }, 'the chain could not go on')
  const sweep = () => void chainer.drain().catch(logTrouble)
  const announce = () => void Promise.all([announceHead(deps), prepareMonths(deps)]).catch(logTrouble)

  const timers = [setInterval(sweep, sweepIntervalMs), setInterval(announce, headIntervalMs)]
  sweep()
  announce()
  return {
    async close() {
      for (const timer of timers) clearInterval(timer)
      await chainer.close()
      await worker.close()
    },
  }
}
