import { int, parseEnv, processEnv, processSettings, workerConcurrency } from '@muster/config'
import { periodsMs } from '@muster/jobs/schedules'
import { z } from 'zod'

const env = z.object({
  ...processEnv({ opsPort: 9_103 }),
  /** Jobs at the same time. */
  WORKER_CONCURRENCY: workerConcurrency(30),
  /** How often this process polls for due work; half of it is the mean delay. */
  REMINDER_TICK_MS: int({ min: 10, max: 60_000, default: periodsMs.claimDue }),
})

/** Reads the reminder worker's environment. @throws ConfigError naming everything that is wrong */
export function readConfig(source: NodeJS.ProcessEnv = process.env) {
  const read = parseEnv(env, source)
  return Object.freeze({
    ...processSettings(read),
    concurrency: read.WORKER_CONCURRENCY,
    tickMs: read.REMINDER_TICK_MS,
  })
}

export type Config = ReturnType<typeof readConfig>
