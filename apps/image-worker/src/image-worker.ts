import { type RunningWorker, startWorker } from '@muster/jobs/worker'
import type { Deps } from './deps.ts'
import { deleteFilesHandler } from './handlers/delete-files.ts'
import { optimizeAvatarHandler } from './handlers/optimize-avatar.ts'
import { optimizeImageHandler } from './handlers/optimize-image.ts'
import { sweepOrphansHandler } from './handlers/sweep-orphans.ts'
import { startSweepSchedule } from './sweep-schedule.ts'
import { removeLeftovers } from './temp-folder.ts'

/** Everything that this process does: the jobs of the image queue and the daily sweep's schedule. */
export function startImageWorker(deps: Deps, { concurrency }: { concurrency: number }): Pick<RunningWorker, 'close'> {
  void removeLeftovers(deps.clock.now()).catch((error: unknown) =>
    deps.log.warn({ err: error }, 'old folders are left'),
  )
  const worker = startWorker({
    queue: 'image',
    handlers: [
      optimizeImageHandler(deps),
      optimizeAvatarHandler(deps),
      deleteFilesHandler(deps),
      sweepOrphansHandler(deps),
    ],
    deps,
    concurrency,
  })
  const schedule = startSweepSchedule(deps)
  return {
    async close() {
      await schedule.close()
      await worker.close()
    },
  }
}
