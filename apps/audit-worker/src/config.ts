import { keyRing, parseEnv, processEnv, workerConcurrency } from '@muster/config'
import { z } from 'zod'

const schema = z.object({
  ...processEnv({ opsPort: 9_102 }),
  /** HMAC keys of the chain; the first chains new rows, the others still verify old ones. */
  AUDIT_KEYS: keyRing(),
  /** Hints taken at the same time; the chain itself has one writer at a time. */
  WORKER_CONCURRENCY: workerConcurrency(1),
})

export type Config = Readonly<z.output<typeof schema>>

/** @throws ConfigError naming everything that is wrong */
export const readConfig = (env = process.env): Config => parseEnv(schema, env)
