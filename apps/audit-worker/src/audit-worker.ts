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
import { retentionHandlers } from './handlers/retention.ts'

type AuditWorkerOptions = {
  concurrency: number
  /** How often it looks by itself: without Redis nobody tells it. */
  sweepIntervalMs?: number
  headIntervalMs?: number
}

/**
 * Everything this process does: chain on a hint, chain by a timer of its own, announce the signed head, and each night
 * end invitations that ran out, make people anonymous and let go of what was kept long enough.
 */
export function startAuditWorker(
  deps: Deps,
  {
    concurrency,
    sweepIntervalMs = periodsMs.chainAudit,
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
    fields: { dependency: 'postgres', component: 'audit chain' },
    down: 'audit chain waiting for postgres',
    up: 'audit chain goes on',
  })
  const logTrouble = (error: unknown) =>
    isDatabaseUnavailable(error) ? outage.failed(error) : log.error({ err: error }, 'the chain could not go on')
  const sweep = () => void chainer.drain().then(outage.succeeded, logTrouble)
  const announce = () => void Promise.all([announceHead(deps), prepareMonths(deps)]).catch(logTrouble)

  const timers = [setInterval(sweep, sweepIntervalMs), setInterval(announce, headIntervalMs)]
  sweep()
  announce()
  return {
    probe: worker.probe,
    async close() {
      for (const timer of timers) clearInterval(timer)
      await schedule.close()
      await chainer.close()
      await worker.close()
    },
  }
}
