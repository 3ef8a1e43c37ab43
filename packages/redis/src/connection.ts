import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { timeCommands } from './command-times.ts'
import { lastErrorOf, trackLastError } from './last-error.ts'
import type { RedisNode, RedisSettings } from './settings/settings.ts'

export { lastErrorOf }

/** A connection to Redis: to one server, to the master that sentinels name, or to all masters of a cluster. */
export type RedisClient = Redis | Cluster

const commandTimeoutMs = 2_000
const connectTimeoutMs = 2_000
/**
 * A server that sends nothing for this long although it owes a reply is given up: it may be frozen or cut off, and another one may be
 * the master by now. BullMQ's blocking commands wait for up to 10 s.
 */
const silenceMs = { failFast: 2_000, blocking: 15_000 }
/** The pause before a command is repeated whose node of a cluster is gone, or whose slot moves to another one. */
const clusterRetryMs = 50
const reconnectDelayMs = (times: number) => Math.min(times * 100, 1_000)

/** The name in `CLIENT LIST`. */
export const connectionName = 'muster'

/** Returns the number of a connection's database; 0 on a cluster, which has no other. */
export const databaseOf = ({ options }: RedisClient): number => ('db' in options ? (options.db ?? 0) : 0)

export const isCluster = (redis: RedisClient): redis is Cluster => redis instanceof Cluster

/** Options of a connection that its caller sets. */
export type ConnectionOptions = Pick<
  RedisOptions,
  'autoResubscribe' | 'commandTimeout' | 'enableAutoPipelining' | 'enableOfflineQueue' | 'lazyConnect' | 'socketTimeout'
> & { /** False for a connection that is made once. */ reconnects?: boolean }

/** Opens a connection whose commands fail at once while Redis is unavailable, instead of waiting in memory. */
export const failFastRedis = (settings: RedisSettings, options: ConnectionOptions = {}): RedisClient =>
  open(settings, { ...failFast, ...options })

/** Opens a blocking connection, which BullMQ's workers need: its commands wait for Redis without a limit. */
export const workerRedis = (settings: RedisSettings): RedisClient =>
  open(settings, { maxRetriesPerRequest: null, socketTimeout: silenceMs.blocking })

/**
 * Opens a connection for Pub/Sub, which fails fast. On a cluster it leads to any one node, because all nodes deliver what one of them
 * gets: so a loss of the connection is a loss of messages, and nothing else is.
 */
export function pubSubRedis(settings: RedisSettings, options: ConnectionOptions = {}): Redis {
  const { topology } = settings
  const chosen = { ...failFast, ...options }
  return topology.kind === 'cluster' ? openAnyNode(topology.nodes, settings, chosen) : (open(settings, chosen) as Redis)
}

const failFast = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: commandTimeoutMs,
  socketTimeout: silenceMs.failFast,
}

type Chosen = ConnectionOptions & Pick<RedisOptions, 'maxRetriesPerRequest'>

function open(settings: RedisSettings, { reconnects = true, ...chosen }: Chosen): RedisClient {
  const retryStrategy = reconnects ? reconnectDelayMs : () => null
  const { topology, tls } = settings
  const options = { ...commonOptions(settings), ...chosen }
  switch (topology.kind) {
    case 'standalone':
      return trackLastError(timeCommands(new Redis({ ...options, ...topology.node, db: topology.db, retryStrategy })))
    case 'sentinel':
      return trackLastError(
        timeCommands(
          new Redis({
            ...options,
            sentinels: topology.sentinels.map((sentinel) => ({ ...sentinel })),
            name: topology.master,
            db: topology.db,
            retryStrategy,
            sentinelRetryStrategy: retryStrategy,
            sentinelCommandTimeout: commandTimeoutMs,
            ...given({
              sentinelUsername: topology.sentinelUsername,
              sentinelPassword: topology.sentinelPassword,
              sentinelTLS: tls,
              enableTLSForSentinelMode: tls && true,
            }),
          }),
        ),
      )
    case 'cluster':
      return trackLastError(openCluster(topology.nodes, { ...options, retryStrategy }))
  }
}

const commonOptions = ({ username, password, family, tls }: RedisSettings): RedisOptions => ({
  ...given({ username, password, family, tls }),
  connectTimeout: connectTimeoutMs,
  connectionName,
  // The master became a replica, and its address may lead to the new master by now.
  reconnectOnError: (error) => /\bREADONLY\b/.test(error.message),
})

function openCluster(nodes: readonly RedisNode[], { retryStrategy, ...options }: RedisOptions): Cluster {
  const { enableOfflineQueue = true, enableAutoPipelining = false, lazyConnect = false, ...redisOptions } = options
  const cluster = new Cluster([...nodes], {
    enableOfflineQueue,
    enableAutoPipelining,
    lazyConnect,
    clusterRetryStrategy: (times) => retryStrategy?.(times) ?? null,
    retryDelayOnFailover: clusterRetryMs,
    retryDelayOnClusterDown: clusterRetryMs,
    retryDelayOnTryAgain: clusterRetryMs,
    // Certificates name hosts. Each connection resolves them itself.
    dnsLookup: (host, callback) => callback(null, host),
    redisOptions,
  })
  // Otherwise each master is connected by the first command to it, and commands meanwhile fail.
  const connect = (node: Redis) => {
    if (!node.options.readOnly && node.status === 'wait') node.connect().catch(() => {})
  }
  // Not earlier: the check whether the cluster is whole would fail at a node that is being connected.
  cluster.on('ready', () => cluster.nodes('master').forEach(connect))
  cluster.on('+node', (node: Redis) => {
    timeCommands(node)
    if (cluster.status === 'ready') connect(node)
  })
  return cluster
}

/** Opens a connection to one node of a cluster, and to the next one whenever it is lost. */
function openAnyNode(
  nodes: readonly RedisNode[],
  settings: RedisSettings,
  { reconnects = true, ...chosen }: Chosen,
): Redis {
  let known = [...nodes]
  const redis: Redis = new Redis({
    ...commonOptions(settings),
    ...chosen,
    ...(known[0] as RedisNode),
    retryStrategy(times) {
      if (!reconnects) return null
      const next =
        (known.findIndex(({ host, port }) => host === redis.options.host && port === redis.options.port) + 1) %
        known.length
      Object.assign(redis.options, known[next])
      return reconnectDelayMs(times)
    },
  })
  redis.on('ready', () => {
    redis.cluster('SLOTS').then(
      (ranges) => {
        known = mergeNodes(nodes, ranges as SlotRange[])
      },
      () => {},
    )
  })
  return trackLastError(timeCommands(redis))
}

type SlotRange = [from: number, to: number, ...nodes: [host: string | null, port: number, ...unknown[]][]]

/** Lists the configured nodes and those that a cluster tells; a node without a known address is left out. */
function mergeNodes(configured: readonly RedisNode[], ranges: readonly SlotRange[]): RedisNode[] {
  const told = ranges.flatMap(([, , ...nodes]) => nodes.flatMap(([host, port]) => (host ? [{ host, port }] : [])))
  return [...new Map([...configured, ...told].map((node) => [`${node.host}:${node.port}`, node])).values()]
}

/** Leaves out what is undefined, because ioredis would not use its default. */
const given = <T extends object>(options: T) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
