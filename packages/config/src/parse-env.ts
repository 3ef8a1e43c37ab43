import type { z } from 'zod'

/** Everything that is wrong with the environment, one line each, so that an operator mends it in one go. */
export class ConfigError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`The environment is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/**
 * Reads the environment once by a zod object whose keys are variable names; an empty variable counts as unset.
 * @returns the parsed values, frozen
 * @throws ConfigError naming all faults at once, never a variable's value
 */
export function parseEnv<S extends z.ZodObject>(
  schema: S,
  env: NodeJS.ProcessEnv = process.env,
): Readonly<z.output<S>> {
  const given = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, env[name] || undefined]))
  const parsed = schema.safeParse(given)
  if (parsed.success) return Object.freeze(parsed.data)
  throw new ConfigError(
    parsed.error.issues.map(({ path, message }) => {
      const name = path.map(String).join('.')
      return given[name] === undefined && name in given ? `${name} is missing` : `${name || 'environment'}: ${message}`
    }),
  )
}
