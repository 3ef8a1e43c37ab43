import { addressOf, type RedisSettings } from './settings.ts'

/** Formats settings as the URL from which they are parsed; certificates are not part of it. */
export function formatRedisUrl({ username = '', password, tls, family, topology }: RedisSettings): string {
  const scheme = tls ? 'rediss' : 'redis'
  const credentials = username || password ? `${encode(username)}${password ? `:${encode(password)}` : ''}@` : ''
  const query = new URLSearchParams()
  if (family) query.set('family', String(family))
  switch (topology.kind) {
    case 'standalone':
      return `${scheme}://${credentials}${addressOf(topology.node)}/${topology.db}${queryOf(query)}`
    case 'sentinel': {
      const { sentinels, master, db, sentinelUsername, sentinelPassword } = topology
      if (sentinelUsername) query.set('sentinel_username', sentinelUsername)
      if (sentinelPassword) query.set('sentinel_password', sentinelPassword)
      const path = `${encode(master)}/${db}`
      return `${scheme}+sentinel://${credentials}${sentinels.map(addressOf).join(',')}/${path}${queryOf(query)}`
    }
    case 'cluster':
      return `${scheme}+cluster://${credentials}${topology.nodes.map(addressOf).join(',')}${queryOf(query)}`
  }
}

const encode = encodeURIComponent
const queryOf = (query: URLSearchParams) => (query.size > 0 ? `?${query}` : '')
