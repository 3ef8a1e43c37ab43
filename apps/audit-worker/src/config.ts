import { keyRing, parseEnv, processEnv, processSettings, workerConcurrency } from '@muster/config'
import { z } from 'zod'

const env = z.object({
  ...processEnv({ opsPort: 9_102 }),
  /** HMAC keys of the chain; the first chains new rows, the others still verify old ones. */
  AUDIT_KEYS: keyRing(),
  /** Hints taken at the same time; the chain itself has one writer at a time. */
  WORKER_CONCURRENCY: workerConcurrency(1),
})

/** Reads the audit worker's environment. @throws ConfigError naming everything that is wrong */
export function readConfig(source: NodeJS.ProcessEnv = process.env) {
  const read = parseEnv(env, source)
  return Object.freeze({
    ...processSettings(read),
    concurrency: read.WORKER_CONCURRENCY,
    keys: read.AUDIT_KEYS,
  })
}

export type Config = ReturnType<typeof readConfig>
