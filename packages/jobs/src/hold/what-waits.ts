import { type Db, readHold } from '@muster/db'
import type { QueueName } from '../definitions/define-job.ts'
import { periodsMs } from '../schedules/schedules-and-retries.ts'
import type { HoldWatch } from './watch-hold.ts'

/** Queues of which a held copy processes nothing: what they do reaches people. */
const heldQueues: readonly QueueName[] = ['email', 'reminder']

/** The jobs of the other queues that a held copy processes: they delete nothing and tell nobody. */
const harmless: ReadonlySet<string> = new Set([
  'chain-audit',
  'optimize-image',
  'optimize-avatar',
  'optimize-group-avatar',
  'scan-file',
])

/** Jobs that delete files, or wait for locks which a dump has: they also wait while a backup is being written. */
const waitsForBackup: ReadonlySet<string> = new Set(['delete-files', 'sweep-orphans', 'drop-audit-months'])

/** Tells whether a held copy takes no job of the queue. */
export const isQueueHeld = (queue: QueueName): boolean => heldQueues.includes(queue)

/** The pause grows with each start up to a minute, so that many jobs that wait for long cost little. */
const maxPauses = 12

/**
 * Returns for how long a job must wait before it is tried again; 0 when it may run. The hold begins before any process starts, so a
 * state that was read a moment ago is exact enough. A backup may begin at any time, so its lease is read now: files whose rows were
 * deleted before that are not in the backup.
 */
export async function holdMs(
  { name: job, attemptsStarted: starts }: { name: string; attemptsStarted: number },
  db: Db,
  hold: Pick<HoldWatch, 'askHeld'> | undefined,
): Promise<number> {
  const pauseMs = periodsMs.retryHeld * Math.min(Math.max(starts, 1), maxPauses)
  if (!harmless.has(job) && (await hold?.askHeld())) return pauseMs
  if (!waitsForBackup.has(job)) return 0
  const isBackupRunning = await readHold(db).then(
    (read) => read.isBackupRunning,
    // Postgres is unavailable: the job could do nothing now.
    () => true,
  )
  return isBackupRunning ? pauseMs : 0
}
