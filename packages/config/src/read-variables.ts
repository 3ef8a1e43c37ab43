import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type ServiceUrlName, services } from './service-parts.ts'

/** The texts of variables by their names, and what is wrong with those that could not be read. */
export type Variables = { given: Record<string, string | undefined>; faults: string[]; faulty: Set<string> }

const maxFileBytes = 1024 * 1024

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

/** Returns the variables that set the URL of a service: the URL, its parts, and the files of both. */
export const variablesOf = (name: ServiceUrlName): string[] =>
  [name, ...services[name].parts].flatMap((each) => [each, `${each}_FILE`])

function readVariable(name: string, env: NodeJS.ProcessEnv, read: Variables): string | undefined {
  const text = env[name] || undefined
  const path = env[`${name}_FILE`] || undefined
  if (!path) return text
  try {
    if (text) throw new Error(`is set, and so is ${name}; set one of them`)
    return readSecret(path)
  } catch (error) {
    read.faults.push(`${name}_FILE ${(error as Error).message}`)
    read.faulty.add(name)
    return undefined
  }
}

/** Reads a secret from a file, without line ends behind it. @throws Error that names the path and never the content */
function readSecret(path: string): string {
  let content: Buffer
  try {
    content = readBytes(path)
  } catch (error) {
    throw new Error(
      `names ${shown(path)}, which ${reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? 'cannot be read'}`,
    )
  }
  if (content.length > maxFileBytes) throw new Error(`names ${shown(path)}, which is longer than 1 MiB`)
  const text = decode(content)?.replace(/[\r\n]+$/, '')
  if (text === undefined || text.includes('\0'))
    throw new Error(`names ${shown(path)}, whose content is not UTF-8 text`)
  if (text === '') throw new Error(`names ${shown(path)}, which is empty`)
  return text
}

/** Returns a path for a message. What is no path may be a secret that was set in the wrong variable. */
const shown = (path: string) => (/^\.{0,2}\//.test(path) ? JSON.stringify(path) : 'a relative path')

const reasons: Record<string, string> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'this process may not read',
  EPERM: 'this process may not read',
  EISDIR: 'is a folder, not a file',
  ELOOP: 'is a symbolic link to itself',
}

/** Reads one byte more than a secret may have at most, also from a pipe, which has no size. */
function readBytes(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    if (fstatSync(file).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
    const buffer = Buffer.alloc(maxFileBytes + 1)
    let length = 0
    for (let count = -1; count !== 0 && length < buffer.length; length += count)
      count = readSync(file, buffer, length, buffer.length - length, null)
    return buffer.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

/** Decodes UTF-8, without a byte order mark; undefined for other bytes. */
function decode(content: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
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
