import type { z } from 'zod'
import { keyRing } from './fields.ts'
import { keyRingNames } from './key-ring-names.ts'
import { findSharedKeys } from './shared-keys.ts'

/** An error with all faults of the environment, one per line, so that an operator can fix them in one go. */
export class ConfigError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`The environment is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/**
 * Parses the environment by a zod object whose keys are the names of variables. An empty variable counts as unset.
 * @returns the parsed values, frozen
 * @throws ConfigError with all faults, without the values of variables
 */
export function parseEnv<S extends z.ZodObject>(
  schema: S,
  env: NodeJS.ProcessEnv = process.env,
): Readonly<z.output<S>> {
  const given = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, env[name] || undefined]))
  const parsed = schema.safeParse(given)
  const shared = findSharedKeys(readRings(given))
  if (parsed.success && shared.length === 0) return Object.freeze(parsed.data)
  const faults = (parsed.error?.issues ?? []).map(({ path, message }) => {
    const name = path.map(String).join('.')
    return given[name] === undefined && name in given ? `${name} is missing` : `${name || 'environment'}: ${message}`
  })
  throw new ConfigError([...faults, ...shared])
}

/** Parses the key rings among the variables. A malformed one is skipped, because its own field reports it. */
function readRings(given: Record<string, string | undefined>) {
  const rings = keyRingNames.flatMap((name) => {
    const ring = keyRing().safeParse(given[name])
    return ring.success ? [[name, ring.data] as const] : []
  })
  return new Map(rings)
}
