import { type Clock, createDb, type Db, systemClock } from '@muster/db'
import { type Publisher, startPublisher } from '@muster/jobs/publisher'
import type { Logger } from '@muster/logger'
import type { RedisSettings } from '@muster/redis'
import type { KeyRing } from '@muster/security/key-ring'
import { type OptionalRedis, openRedis } from './chain/optional-redis.ts'
import type { Config, Retention } from './config.ts'

export type Deps = {
  db: Db
  redisSettings: RedisSettings
  redis: OptionalRedis
  publisher: Publisher
  keys: KeyRing
  retention: Retention
  clock: Clock
  log: Logger
}

/** Opens every connection of the audit worker. `close` is the reverse. */
export function createDeps(config: Config, log: Logger, clock: Clock = systemClock): Deps & { close(): Promise<void> } {
  const { redis: redisSettings, keys, retention } = config
  const db = createDb({ ...config.database, applicationName: 'muster-audit-worker' })
  const redis = openRedis(redisSettings, log)
  const publisher = startPublisher({ db, redisSettings, log, clock })
  return {
    db,
    redisSettings,
    redis,
    publisher,
    keys,
    retention,
    clock,
    log,
    async close() {
      await publisher.close()
      redis.close()
      await db.destroy()
    },
  }
}
