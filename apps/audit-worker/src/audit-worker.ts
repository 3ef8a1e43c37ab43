import { isDatabaseUnavailable } from '@muster/db'
import { periodsMs, startDailySchedule } from '@muster/jobs/schedules'
import { type RunningWorker, startWorker } from '@muster/jobs/worker'
import { trackOutage } from '@muster/telemetry'
import { announceHead } from './chain/announce-head.ts'
import { prepareMonths } from './chain/append-batch.ts'
import { createChainer } from './chain/chainer.ts'
import type { Deps } from './deps.ts'
import { anonymisePeopleHandler } from './handlers/anonymise-people.ts'
import { chainAuditHandler } from './handlers/chain-audit.ts'
import { expireInvitesHandler } from './handlers/expire-invites.ts'
import { retentionHandlers } from './handlers/retention-jobs.ts'

type AuditWorkerOptions = {
  concurrency: number
  /** How often it polls for pending events; without Redis no signal wakes it up. */
  pollIntervalMs?: number
  headIntervalMs?: number
}

/**
 * Starts everything that this process does: it chains audit events on a signal and by polling, announces the signed head, and runs
 * the daily jobs, which expire invitations, anonymise users and delete old rows.
 */
export function startAuditWorker(
  deps: Deps,
  {
    concurrency,
    pollIntervalMs = periodsMs.chainAudit,
    headIntervalMs = periodsMs.announceAuditHead,
  }: AuditWorkerOptions,
): Pick<RunningWorker, 'probe' | 'close'> {
  const { log } = deps
  const chainer = createChainer(deps)
  const handlers = [
    chainAuditHandler({ chainer }),
    expireInvitesHandler(deps),
    anonymisePeopleHandler(deps),
    ...retentionHandlers(deps),
  ]
  const worker = startWorker({ queue: 'audit', handlers, deps, concurrency })
  const schedule = startDailySchedule(deps, 'audit')

  const outage = trackOutage({
    log,
    fields: { dependency: 'postgres', component: 'audit-chain' },
    down: 'audit chain paused, postgres unavailable',
    up: 'audit chain resumed',
  })
  const logError = (error: unknown) =>
    isDatabaseUnavailable(error)
      ? outage.failed(error)
      : log.error({ component: 'audit-chain', err: error }, 'audit chain failed')
  const poll = () => void chainer.drain().then(outage.succeeded, logError)
  const announce = () => void Promise.all([announceHead(deps), prepareMonths(deps)]).catch(logError)

  const timers = [setInterval(poll, pollIntervalMs), setInterval(announce, headIntervalMs)]
  poll()
  announce()
  return {
    probe: worker.probe,
    async close(drainMs) {
      for (const timer of timers) clearInterval(timer)
      await schedule.close()
      await chainer.close()
      await worker.close(drainMs)
    },
  }
}
