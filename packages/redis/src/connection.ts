import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { RedisNode, RedisSettings } from './settings/settings.ts'

/** A connection to Redis: to one server, to the master that sentinels name, or to all masters of a cluster. */
export type RedisClient = Redis | Cluster

const commandTimeoutMs = 2_000
const reconnectDelayMs = (times: number) => Math.min(times * 100, 1_000)

const lastErrors = new WeakMap<RedisClient, Error>()

/**
 * Returns why a connection is not ready, because the errors of failing commands do not contain the reason; undefined
 * while it is ready or connects for the first time.
 */
export const lastErrorOf = (redis: RedisClient): Error | undefined => lastErrors.get(redis)

/** Returns the number of a connection's database; 0 on a cluster, which has no other. */
export const databaseOf = ({ options }: RedisClient): number => ('db' in options ? (options.db ?? 0) : 0)

/** What callers choose of a connection. */
export type ConnectionOptions = Pick<
  RedisOptions,
  'autoResubscribe' | 'commandTimeout' | 'enableAutoPipelining' | 'enableOfflineQueue' | 'lazyConnect' | 'socketTimeout'
> & { /** False for a connection that is made once. */ reconnects?: boolean }

/** Opens a connection whose commands fail at once while Redis is unavailable, instead of waiting in memory. */
export function failFastRedis(settings: RedisSettings, options: ConnectionOptions = {}): RedisClient {
  return open(settings, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: commandTimeoutMs,
    ...options,
  })
}

/** Opens a blocking connection, which BullMQ's workers need: its commands wait for Redis without a limit. */
export function workerRedis(settings: RedisSettings): RedisClient {
  return open(settings, { maxRetriesPerRequest: null })
}

type Chosen = ConnectionOptions & Pick<RedisOptions, 'maxRetriesPerRequest' | 'connectTimeout'>

function open(settings: RedisSettings, { reconnects = true, ...chosen }: Chosen): RedisClient {
  const retryStrategy = reconnects ? reconnectDelayMs : () => null
  const { topology, tls } = settings
  const node: RedisOptions = {
    ...given({ username: settings.username, password: settings.password, family: settings.family, tls }),
    ...chosen,
  }
  switch (topology.kind) {
    case 'standalone':
      return keepLastError(new Redis({ ...node, ...topology.node, db: topology.db, retryStrategy }))
    case 'sentinel':
      return keepLastError(
        new Redis({
          ...node,
          sentinels: topology.sentinels.map((sentinel) => ({ ...sentinel })),
          name: topology.master,
          db: topology.db,
          retryStrategy,
          sentinelRetryStrategy: retryStrategy,
          ...given({
            sentinelUsername: topology.sentinelUsername,
            sentinelPassword: topology.sentinelPassword,
            sentinelTLS: tls,
            enableTLSForSentinelMode: tls && true,
          }),
        }),
      )
    case 'cluster':
      return keepLastError(openCluster(topology.nodes, { ...node, retryStrategy }))
  }
}

function openCluster(nodes: readonly RedisNode[], { retryStrategy, ...options }: RedisOptions): Cluster {
  const { enableOfflineQueue = true, enableAutoPipelining = false, lazyConnect = false, ...redisOptions } = options
  return new Cluster([...nodes], {
    enableOfflineQueue,
    enableAutoPipelining,
    lazyConnect,
    clusterRetryStrategy: (times) => retryStrategy?.(times) ?? null,
    redisOptions,
  })
}

/** Leaves out what is undefined, because ioredis would not use its default. */
const given = <T extends object>(options: T) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

function keepLastError<C extends RedisClient>(redis: C): C {
  redis.on('error', (error: Error) => void lastErrors.set(redis, error))
  redis.on('ready', () => void lastErrors.delete(redis))
  return redis
}
