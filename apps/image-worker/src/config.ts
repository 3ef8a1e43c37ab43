import { parseEnv, processEnv, processSettings, workerConcurrency } from '@muster/config'
import { z } from 'zod'

const env = z.object({
  ...processEnv({ opsPort: 9_104 }),
  STORAGE_DRIVER: z.enum(['local']).default('local'),
  STORAGE_LOCAL_DIR: z.string(),
  /** Images at the same time; each may need some 300 MB, so more processes are better than more of these. */
  WORKER_CONCURRENCY: workerConcurrency(1),
})

/** Reads the image worker's environment. @throws ConfigError naming everything that is wrong */
export function readConfig(source: NodeJS.ProcessEnv = process.env) {
  const read = parseEnv(env, source)
  return Object.freeze({
    ...processSettings(read),
    concurrency: read.WORKER_CONCURRENCY,
    storage: { driver: read.STORAGE_DRIVER, localDir: read.STORAGE_LOCAL_DIR },
  })
}

export type Config = ReturnType<typeof readConfig>
