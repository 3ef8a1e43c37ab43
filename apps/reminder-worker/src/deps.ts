import { type Cache, openCache } from '@muster/cache'
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
  cache: Cache
  clock: Clock
  log: Logger
}

/** Opens every connection of the reminder worker. `close` is the reverse. */
export function createDeps(config: Config, log: Logger, clock: Clock = systemClock): Deps & { close(): Promise<void> } {
  const db = createDb({ ...config.database, applicationName: 'muster-reminder-worker' })
  const publisher = startPublisher({ db, redisUrl: config.redisUrl, log, clock })
  const cache = openCache({ redisUrl: config.redisUrl, log })
  return {
    db,
    redisUrl: config.redisUrl,
    publisher,
    transact: createTransact({ db, publisher }),
    cache,
    clock,
    log,
    async close() {
      await publisher.close()
      await cache.close()
      await db.destroy()
    },
  }
}
