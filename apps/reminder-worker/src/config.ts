import { int, parseEnv, processEnv, workerConcurrency } from '@muster/config'
import { z } from 'zod'

const schema = z.object({
  ...processEnv({ opsPort: 9_103 }),
  /** Reminders delivered at the same time. */
  WORKER_CONCURRENCY: workerConcurrency(10),
  /** How often this process looks for what is due; half of it is the mean delay. */
  REMINDER_TICK_MS: int({ min: 10, max: 60_000, default: 250 }),
})

export type Config = Readonly<z.output<typeof schema>>

/** @throws ConfigError naming everything that is wrong */
export const readConfig = (env = process.env): Config => parseEnv(schema, env)
