import { type Cache, createCache, type OptionalRedis, openOptionalRedis } from '@muster/cache'
import { type Clock, createDb, type Db, systemClock } from '@muster/db'
import { createTransact, type Transact } from '@muster/jobs/outbox'
import { type Publisher, startPublisher } from '@muster/jobs/publisher'
import type { Logger } from '@muster/logger'
import type { RedisSettings } from '@muster/redis'
import type { Config } from './config.ts'

export type Deps = {
  db: Db
  redisSettings: RedisSettings
  publisher: Publisher
  transact: Transact
  redis: OptionalRedis
  cache: Cache
  clock: Clock
  log: Logger
}

/** Opens every connection of the reminder worker. `close` is the reverse. */
export function createDeps(config: Config, log: Logger, clock: Clock = systemClock): Deps & { close(): Promise<void> } {
  const db = createDb({ ...config.database, applicationName: 'muster-reminder-worker' })
  const publisher = startPublisher({ db, redisSettings: config.redis, log, clock })
  const redis = openOptionalRedis({ redisSettings: config.redis, log })
  const cache = createCache({ redis, log })
  return {
    db,
    redisSettings: config.redis,
    publisher,
    transact: createTransact({ db, publisher }),
    redis,
    cache,
    clock,
    log,
    async close() {
      await publisher.close()
      await cache.close()
      redis.close()
      await db.destroy()
    },
  }
}
