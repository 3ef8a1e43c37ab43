import { type Cache, createCache, type OptionalRedis, openOptionalRedis } from '@muster/cache'
import { type Clock, createDb, type Db, systemClock } from '@muster/db'
import { createTransact, type Transact } from '@muster/jobs/outbox'
import { type Publisher, startPublisher } from '@muster/jobs/publisher'
import type { Logger } from '@muster/logger'
import type { Config } from './config.ts'

export type Deps = {
  db: Db
  redisUrl: string
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
  const publisher = startPublisher({ db, redisUrl: config.redisUrl, log, clock })
  const redis = openOptionalRedis({ redisUrl: config.redisUrl, log })
  const cache = createCache({ redis, log })
  return {
    db,
    redisUrl: config.redisUrl,
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
