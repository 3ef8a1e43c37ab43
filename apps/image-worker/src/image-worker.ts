import { sweepOrphans } from '@muster/jobs'
import { startDailySchedule } from '@muster/jobs/daily-schedule'
import { type RunningWorker, startWorker } from '@muster/jobs/worker'
import type { Deps } from './deps.ts'
import { deleteFilesHandler } from './handlers/delete-files.ts'
import { optimizeAvatarHandler } from './handlers/optimize-avatar.ts'
import { optimizeImageHandler } from './handlers/optimize-image.ts'
import { sweepOrphansHandler } from './handlers/sweep-orphans.ts'
import { removeLeftovers } from './temp-folder.ts'
import { createTurns } from './turns.ts'

/** Every night at 03:17 UTC. */
const sweepAt = '0 17 3 * * *'
/** A killed process leaves a folder that is too young to go when the next one starts. */
const clearEveryMs = 3_600_000

/** While the pixels of one image are worked on, the next one is fetched and the last one stored: those need no memory. */
const jobsBesideThePixels = 1

/**
 * Everything that this process does: the jobs of the image queue and the daily sweep's schedule.
 * @param options.concurrency images whose pixels are worked on at the same time
 */
export function startImageWorker(
  deps: Deps,
  { concurrency }: { concurrency: number },
): Pick<RunningWorker, 'probe' | 'close'> {
  const needs = { ...deps, inTurn: createTurns(concurrency) }
  const clear = () =>
    void removeLeftovers(deps.clock.now()).catch((error: unknown) =>
      deps.log.warn({ err: error }, 'old folders are left'),
    )
  clear()
  const clearing = setInterval(clear, clearEveryMs).unref()
  const worker = startWorker({
    queue: 'image',
    handlers: [
      optimizeImageHandler(needs),
      optimizeAvatarHandler(needs),
      deleteFilesHandler(deps),
      sweepOrphansHandler(deps),
    ],
    deps,
    concurrency: concurrency + jobsBesideThePixels,
  })
  const schedule = startDailySchedule(deps, { job: sweepOrphans, pattern: sweepAt })
  return {
    probe: worker.probe,
    async close() {
      clearInterval(clearing)
      await schedule.close()
      await worker.close()
    },
  }
}
