import { parseEnv, processEnv, workerConcurrency } from '@muster/config'
import { z } from 'zod'

const schema = z.object({
  ...processEnv({ opsPort: 9_104 }),
  STORAGE_DRIVER: z.enum(['local']).default('local'),
  STORAGE_LOCAL_DIR: z.string(),
  /** Images at the same time; each may need some 300 MB, so more processes are better than more of these. */
  WORKER_CONCURRENCY: workerConcurrency(1),
})

export type Config = Readonly<z.output<typeof schema>>

/** @throws ConfigError naming everything that is wrong */
export const readConfig = (env = process.env): Config => parseEnv(schema, env)
