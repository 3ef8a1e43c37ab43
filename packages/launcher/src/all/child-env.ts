import { keyRingNames } from '@muster/config/key-ring-names'
import type { App } from '../apps.ts'

/**
 * Returns the environment of one of all processes: without the key rings of the others, with an ops port of its own on this machine,
 * and with the number of jobs from e.g. EMAIL_WORKER_CONCURRENCY.
 */
export function childEnv({ name, keyRings }: App, opsPort: number, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = new Set<string>(keyRingNames.filter((ring) => !keyRings.includes(ring)))
  const own = Object.entries(env).filter(([variable]) => !foreign.has(variable.replace(/_FILE$/, '')))
  const concurrency = env[`${name.toUpperCase().replace('-', '_')}_CONCURRENCY`]
  return {
    ...Object.fromEntries(own),
    ...(concurrency && { WORKER_CONCURRENCY: concurrency }),
    OPS_HOST: '127.0.0.1',
    OPS_PORT: String(opsPort),
  }
}
