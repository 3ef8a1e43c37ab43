import type { RedisNode, RedisSettings, Topology } from './settings.ts'

/** The forms of a URL, for messages. */
export const redisUrlForms =
  'redis://user:password@host:6379/0, redis+sentinel://user:password@sentinel1:26379,sentinel2:26379/master, ' +
  'or redis+cluster://user:password@node1:6379,node2:6379; rediss:// in place of redis:// for TLS'

/** A fault of a URL of Redis. Its message tells what to write and contains no part of the URL. */
export class RedisUrlError extends Error {
  override name = 'RedisUrlError'
}

const defaultPorts = { standalone: 6379, sentinel: 26379, cluster: 6379 }

/**
 * Parses a URL of Redis in one of its {@link redisUrlForms}. User names and passwords are percent-encoded.
 * @throws RedisUrlError
 */
export function parseRedisUrl(text: string): RedisSettings {
  const [, scheme = '', form = '', authority = '', path = '', query = ''] =
    /^(rediss?)(?:\+(sentinel|cluster))?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(text.trim()) ?? []
  if (!scheme) throw new RedisUrlError(`is no URL of Redis; write it as ${redisUrlForms}`)
  const kind = (form.toLowerCase() || 'standalone') as Topology['kind']
  const parameters = new URLSearchParams(query)
  const at = authority.lastIndexOf('@')
  const nodes = parseNodes(authority.slice(at + 1), defaultPorts[kind])
  if (kind === 'standalone' && nodes.length > 1)
    throw new RedisUrlError('names several hosts; write redis+sentinel:// or redis+cluster:// before them')
  const topology = topologyOf(kind, nodes, { path, parameters })
  const family = parseFamily(parameters)
  refuseUnknown(parameters)
  return {
    ...credentialsOf(authority.slice(0, Math.max(0, at))),
    ...(scheme.toLowerCase() === 'rediss' ? { tls: {} } : {}),
    ...(family ? { family } : {}),
    topology,
  }
}

type Rest = { path: string; parameters: URLSearchParams }

function topologyOf(kind: Topology['kind'], nodes: RedisNode[], { path, parameters }: Rest): Topology {
  const parts = path.split('/').filter(Boolean).map(decode)
  if (kind === 'standalone') {
    const [db, ...more] = parts
    return { kind, node: nodes[0] as RedisNode, db: parseDatabase(db ?? take(parameters, 'db'), more) }
  }
  if (kind === 'cluster') {
    if (parseDatabase(parts[0] ?? take(parameters, 'db'), parts.slice(1)) !== 0)
      throw new RedisUrlError('has a database number, but a cluster has only database 0; remove the number')
    return { kind, nodes }
  }
  const [master, db, ...more] = parts
  if (!master) throw new RedisUrlError('has no name of a master; write it behind the sentinels, such as /mymaster')
  const sentinelUsername = take(parameters, 'sentinel_username')
  const sentinelPassword = take(parameters, 'sentinel_password')
  return {
    kind,
    sentinels: nodes,
    master,
    db: parseDatabase(db ?? take(parameters, 'db'), more),
    ...(sentinelUsername ? { sentinelUsername } : {}),
    ...(sentinelPassword ? { sentinelPassword } : {}),
  }
}

function parseNodes(text: string, defaultPort: number): RedisNode[] {
  return text.split(',').map((entry) => {
    const [, v6, name, port] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(entry.trim()) ?? []
    const host = v6 ?? name
    const number = port === undefined ? defaultPort : Number(port)
    if (!host || number < 1 || number > 65_535)
      throw new RedisUrlError('has a host that is none; write each as host:port, separated by commas')
    return { host, port: number }
  })
}

function credentialsOf(text: string): { username?: string; password?: string } {
  const colon = text.indexOf(':')
  const username = decode(colon < 0 ? text : text.slice(0, colon))
  const password = colon < 0 ? '' : decode(text.slice(colon + 1))
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new RedisUrlError('has a % that encodes nothing; write % as %25')
  }
}

function parseDatabase(text: string | undefined, more: readonly string[]): number {
  if (more.length > 0 || !/^\d{0,7}$/.test(text ?? ''))
    throw new RedisUrlError('has a path that is no number of a database')
  return Number(text ?? 0)
}

function parseFamily(parameters: URLSearchParams): number {
  const text = take(parameters, 'family') ?? '0'
  if (!['0', '4', '6'].includes(text)) throw new RedisUrlError('has a family that is neither 4 nor 6')
  return Number(text)
}

const take = (parameters: URLSearchParams, name: string): string | undefined => {
  const value = parameters.get(name) ?? undefined
  parameters.delete(name)
  return value
}

function refuseUnknown(parameters: URLSearchParams): void {
  if (parameters.size > 0)
    throw new RedisUrlError(
      'has an unknown parameter behind "?"; known are db and family, and sentinel_username and sentinel_password with sentinels',
    )
}
