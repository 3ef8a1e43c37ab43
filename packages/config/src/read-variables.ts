import { readTextFile } from './read-text-file.ts'
import { type ServiceUrlName, services } from './service-parts.ts'

/** The texts of variables by their names, and what is wrong with those that could not be read. */
export type Variables = { given: Record<string, string | undefined>; faults: string[]; faulty: Set<string> }

/**
 * Reads variables from the environment. Each may be in a file that `<name>_FILE` names, as Docker and Kubernetes mount secrets, and
 * the URL of a service may be set as its parts. An empty variable counts as unset.
 */
export function readVariables(names: readonly string[], env: NodeJS.ProcessEnv): Variables {
  const read: Variables = { given: {}, faults: [], faulty: new Set() }
  for (const name of names) read.given[name] = readVariable(name, env, read)
  for (const name of names) if (name in services) composeUrl(name as ServiceUrlName, env, read)
  return read
}

/** Tells whether the environment sets a variable in any form: by its text, by a file, or by the parts of a URL. */
export function isSet(name: string, env: NodeJS.ProcessEnv): boolean {
  const parts = services[name as ServiceUrlName]?.parts ?? []
  return [name, ...parts].some((each) => (env[each] && !isServiceLink(each, env[each])) || env[`${each}_FILE`])
}

/** Names the variables by which an environment sets a value, such as `DATABASE_HOST, DATABASE_PASSWORD_FILE`; the name itself when none is set. */
export function setVariables(name: string, env: NodeJS.ProcessEnv): string {
  const parts = services[name as ServiceUrlName]?.parts ?? []
  const named = [name, ...parts].flatMap((each) => [
    ...(env[each] && !isServiceLink(each, env[each]) ? [each] : []),
    ...(env[`${each}_FILE`] ? [`${each}_FILE`] : []),
  ])
  return named.join(', ') || name
}

/** Returns the variables that set the URL of a service: the URL, its parts, and the files of both. */
export const variablesOf = (name: ServiceUrlName): string[] =>
  [name, ...services[name].parts].flatMap((each) => [each, `${each}_FILE`])

function readVariable(name: string, env: NodeJS.ProcessEnv, read: Variables): string | undefined {
  const text = env[name] || undefined
  const path = env[`${name}_FILE`] || undefined
  if (!path) return text
  try {
    if (text) throw new Error(`is set, and so is ${name}; set one of them`)
    return readTextFile(path)
  } catch (error) {
    read.faults.push(`${name}_FILE ${(error as Error).message}`)
    read.faulty.add(name)
    return undefined
  }
}

/** Makes the URL of a service from its parts when these are set, and refuses a mixture of both. */
function composeUrl(name: ServiceUrlName, env: NodeJS.ProcessEnv, read: Variables): void {
  const { parts, schema, compose } = services[name]
  const set = parts.filter((part) => isSet(part, env))
  if (set.length === 0) return
  if (read.given[name] || read.faulty.has(name)) {
    read.faults.push(
      `${name} is set, and so ${set.length > 1 ? 'are' : 'is'} ${set.join(', ')}; set the URL or its parts, not both`,
    )
    read.faulty.add(name)
    return
  }
  const faultsBefore = read.faults.length
  const values = Object.fromEntries(set.map((part) => [part, readVariable(part, env, read)]))
  const parsed = schema.safeParse(values)
  for (const { path, message } of parsed.error?.issues ?? []) {
    const part = String(path[0])
    if (read.faulty.has(part)) continue
    read.faults.push(
      part in values ? `${part}: ${message}` : `${part} is missing; set it beside ${set.join(', ')}, or ${name} alone`,
    )
  }
  if (parsed.success && read.faults.length === faultsBefore) read.given[name] = compose(parsed.data as never)
  else read.faulty.add(name)
}

/** Kubernetes sets `REDIS_PORT=tcp://…` in every pod beside a service called `redis`: that is no port, and nobody chose it. */
const isServiceLink = (name: string, text: string) => name.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(text)
