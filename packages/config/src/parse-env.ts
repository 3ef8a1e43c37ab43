import { z } from 'zod'
import { keyRing } from './fields.ts'
import { keyRingNames } from './key-ring-names.ts'
import { readVariables } from './read-variables.ts'
import { type ServiceUrlName, services } from './service-parts.ts'
import { findSharedKeys } from './shared-keys.ts'

/** An error with all faults of the environment, one per line, so that an operator can fix them in one go. */
export class ConfigError extends Error {
  readonly faults: readonly string[]

  /** @param advice a sentence that says where the variables would come from */
  constructor(faults: readonly string[], advice = '') {
    const lines = [
      'The environment is not usable:',
      ...faults.map((fault) => `  - ${fault}`),
      ...(advice ? [advice] : []),
    ]
    super(lines.join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/**
 * Parses the environment by a zod object whose keys are the names of variables. An empty variable counts as unset. Each may also be
 * read from a file (`<name>_FILE`), and the URLs of services may be set as their parts.
 * @returns the parsed values, frozen
 * @throws ConfigError with all faults, without the values of variables
 */
export function parseEnv<S extends z.ZodObject>(
  schema: S,
  env: NodeJS.ProcessEnv = process.env,
): Readonly<z.output<S>> {
  const { given, faults, faulty } = readVariables(Object.keys(schema.shape), env)
  const parsed = schema.safeParse(given)
  const shared = findSharedKeys(readRings(given))
  if (parsed.success && shared.length === 0 && faults.length === 0) return Object.freeze(parsed.data)
  for (const { path, code, message } of parsed.error?.issues ?? []) {
    const name = path.map(String).join('.')
    // A variable whose file or parts are wrong is reported already.
    if (!faulty.has(name)) faults.push(faultOf(name, { code, message }, { schema, given }))
  }
  throw new ConfigError([...faults, ...shared])
}

function faultOf(
  name: string,
  { code, message }: { code: string; message: string },
  { schema, given }: { schema: z.ZodObject; given: Record<string, string | undefined> },
): string {
  if (given[name] !== undefined || !(name in given)) return `${name || 'environment'}: ${message}`
  const service = services[name as ServiceUrlName]
  if (service) return `${name} is missing; write it as ${service.form}, or set ${service.parts.join(', ')}`
  // What a field says of an empty text tells its form.
  const form = code === 'custom' ? message : z.safeParse(schema.shape[name], '').error?.issues[0]?.message
  return form ? `${name} is missing: ${form}` : `${name} is missing`
}

/** Parses the key rings among the variables. A malformed one is skipped, because its own field reports it. */
function readRings(given: Record<string, string | undefined>) {
  const rings = keyRingNames.flatMap((name) => {
    const ring = keyRing().safeParse(given[name])
    return ring.success ? [[name, ring.data] as const] : []
  })
  return new Map(rings)
}
