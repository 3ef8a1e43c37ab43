import { periodsMs, startDailySchedule } from '@muster/jobs/schedules'
import { type RunningWorker, startWorker } from '@muster/jobs/worker'
import type { Deps } from './deps.ts'
import { deleteFilesHandler } from './handlers/delete-files.ts'
import { optimizeAvatarHandler } from './handlers/optimize-avatar.ts'
import { optimizeImageHandler } from './handlers/optimize-image.ts'
import { sweepOrphansHandler } from './handlers/sweep-orphans.ts'
import { createTurns } from './turns.ts'
import { removeLeftovers } from './uploads/temp-folder.ts'

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
  // A killed process leaves a folder that is too young to be removed when the next one starts.
  const clearing = setInterval(clear, periodsMs.removeTemporaryFolders).unref()
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
  const schedule = startDailySchedule(deps, 'image')
  return {
    probe: worker.probe,
    async close() {
      clearInterval(clearing)
      await schedule.close()
      await worker.close()
    },
  }
}
