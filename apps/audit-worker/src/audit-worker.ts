import { isDatabaseUnavailable } from '@muster/db'
import { anonymisePeople } from '@muster/jobs'
import { startDailySchedule } from '@muster/jobs/daily-schedule'
import { startWorker } from '@muster/jobs/worker'
import { announceHead } from './announce-head.ts'
import { prepareMonths } from './append.ts'
import { createChainer } from './chainer.ts'
import type { Deps } from './deps.ts'
import { anonymisePeopleHandler } from './handlers/anonymise-people.ts'
import { chainAuditHandler } from './handlers/chain-audit.ts'

type AuditWorkerOptions = {
  concurrency: number
  /** How often it looks by itself: without Redis nobody tells it. */
  sweepIntervalMs?: number
  headIntervalMs?: number
}

/** Every night at 03:47 UTC. */
const anonymiseAt = '0 47 3 * * *'

/**
 * Everything this process does: chain on a hint, chain by a timer of its own, announce the signed head, and make people
 * anonymous each night.
 */
export function startAuditWorker(
  deps: Deps,
  { concurrency, sweepIntervalMs = 1_000, headIntervalMs = 60_000 }: AuditWorkerOptions,
): { close(): Promise<void> } {
  const { log } = deps
  const chainer = createChainer(deps)
  const handlers = [chainAuditHandler({ chainer }), anonymisePeopleHandler(deps)]
  const worker = startWorker({ queue: 'audit', handlers, deps, concurrency })
  const schedule = startDailySchedule(deps, { job: anonymisePeople, pattern: anonymiseAt })

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
      await schedule.close()
      await chainer.close()
      await worker.close()
    },
  }
}
