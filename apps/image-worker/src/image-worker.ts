import { periodsMs, startDailySchedule } from '@muster/jobs/schedules'
import { type RunningWorker, startWorker } from '@muster/jobs/worker'
import pLimit from 'p-limit'
import type { Deps } from './deps.ts'
import { deleteFilesHandler } from './handlers/delete-files.ts'
import { optimizeAvatarHandler } from './handlers/optimize-avatar.ts'
import { optimizeGroupAvatarHandler } from './handlers/optimize-group-avatar.ts'
import { optimizeImageHandler } from './handlers/optimize-image.ts'
import { scanFileHandler } from './handlers/scan-file.ts'
import { sweepOrphansHandler } from './handlers/sweep-orphans.ts'
import { removeLeftovers } from './uploads/temp-folder.ts'

/** One job more than images are processed at a time: while one image is processed, another is fetched or stored. */
const extraJobs = 1

/**
 * Starts everything that this process does: the jobs of the image queue, the daily sweep's schedule and the removal of old
 * temporary folders.
 * @param options.concurrency how many images are decoded and encoded at the same time; each may need some 300 MB
 */
export function startImageWorker(
  deps: Deps,
  { concurrency }: { concurrency: number },
): Pick<RunningWorker, 'probe' | 'close'> {
  const uploadDeps = { ...deps, limitPixelWork: pLimit(concurrency) }
  const cleanUp = () =>
    void removeLeftovers(deps.clock.now()).catch((error: unknown) =>
      deps.log.warn({ component: 'uploads', err: error }, 'temporary folder cleanup failed'),
    )
  cleanUp()
  // Repeated, because the folder of a process that was just killed is too young to be removed at the next start.
  const cleanup = setInterval(cleanUp, periodsMs.removeTemporaryFolders).unref()
  const worker = startWorker({
    queue: 'image',
    handlers: [
      optimizeImageHandler(uploadDeps),
      optimizeAvatarHandler(uploadDeps),
      optimizeGroupAvatarHandler(uploadDeps),
      scanFileHandler(deps),
      deleteFilesHandler(deps),
      sweepOrphansHandler(deps),
    ],
    deps,
    concurrency: concurrency + extraJobs,
  })
  const schedule = startDailySchedule(deps, 'image')
  return {
    probe: worker.probe,
    async close(drainMs) {
      clearInterval(cleanup)
      await schedule.close()
      await worker.close(drainMs)
    },
  }
}
