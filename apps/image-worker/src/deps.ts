import { type Cache, openCache } from '@muster/cache'
import { type Clock, createDb, type Db, readInstallationId, systemClock } from '@muster/db'
import { type Publisher, startPublisher } from '@muster/jobs/publisher'
import type { Logger } from '@muster/logger'
import type { RedisSettings } from '@muster/redis'
import { type OwnedStorage, openStorage } from '@muster/storage'
import type { Config } from './config.ts'
import { createScanner, type Scanner } from './scanner/scanner.ts'

export type Deps = {
  db: Db
  redisSettings: RedisSettings
  publisher: Publisher
  storage: OwnedStorage
  cache: Cache
  scanner: Scanner
  clock: Clock
  log: Logger
}

/** Opens every connection of the image worker. `close` is the reverse. */
export function createDeps(config: Config, log: Logger, clock: Clock = systemClock): Deps & { close(): Promise<void> } {
  const db = createDb({ ...config.database, applicationName: 'muster-image-worker' })
  const publisher = startPublisher({ db, redisSettings: config.redis, log, clock })
  const cache = openCache({ redisSettings: config.redis, log })
  return {
    db,
    redisSettings: config.redis,
    publisher,
    storage: openStorage(config.storage, () => readInstallationId(db)),
    cache,
    scanner: createScanner(config.scan),
    clock,
    log,
    async close() {
      await publisher.close()
      await cache.close()
      await db.destroy()
    },
  }
}
