export type RedisNode = { host: string; port: number }

/** How Redis is reached: parsed once, from `REDIS_URL` or its parts, by the configuration of a process. */
export type RedisSettings = {
  username?: string
  password?: string
  /** Present when connections use TLS. `ca` holds the certificates (PEM) that are trusted instead of the system's. */
  tls?: { ca?: string }
  /** 4 or 6 to use addresses of that kind only. */
  family?: number
  topology: Topology
}

export type Topology =
  | { kind: 'standalone'; node: RedisNode; db: number }
  | {
      kind: 'sentinel'
      sentinels: readonly RedisNode[]
      /** The name by which the sentinels know the master. */
      master: string
      db: number
      sentinelUsername?: string
      sentinelPassword?: string
    }
  /** Some nodes; the others are learned from them. A cluster has no numbered databases. */
  | { kind: 'cluster'; nodes: readonly RedisNode[] }

/** Describes where Redis is, for logs: topology and addresses, without credentials. */
export function describeRedis({ topology, tls }: RedisSettings): string {
  const secured = tls ? ' with TLS' : ''
  switch (topology.kind) {
    case 'standalone':
      return `Redis ${addressOf(topology.node)}, database ${topology.db}${secured}`
    case 'sentinel':
      return `Redis ${topology.master} of the sentinels ${topology.sentinels.map(addressOf).join(', ')}, database ${topology.db}${secured}`
    case 'cluster':
      return `Redis Cluster of ${topology.nodes.map(addressOf).join(', ')}${secured}`
  }
}

export const addressOf = ({ host, port }: RedisNode) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
