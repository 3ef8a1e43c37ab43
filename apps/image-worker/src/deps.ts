import { type Clock, createDb, type Db, systemClock } from '@muster/db'
import { type Publisher, startPublisher } from '@muster/jobs/publisher'
import { failFastRedis } from '@muster/jobs/redis'
import type { Logger } from '@muster/logger'
import { profileKey } from '@muster/person-cache'
import { createStorage, type Storage } from '@muster/storage'
import type { Config } from './config.ts'

export type Deps = {
  db: Db
  redisUrl: string
  publisher: Publisher
  storage: Storage
  /** The next reading of a person's profile asks Postgres. @throws when Redis is away */
  dropProfile(userId: string): Promise<void>
  clock: Clock
  log: Logger
}

/** Opens every connection of the image worker. `close` is the reverse. */
export function createDeps(config: Config, log: Logger, clock: Clock = systemClock): Deps & { close(): Promise<void> } {
  const db = createDb({ ...config.database, applicationName: 'muster-image-worker' })
  const publisher = startPublisher({ db, redisUrl: config.redisUrl, log, clock })
  const cache = failFastRedis(config.redisUrl)
  return {
    db,
    redisUrl: config.redisUrl,
    publisher,
    storage: createStorage(config.storage),
    dropProfile: async (userId) => void (await cache.del(profileKey(userId))),
    clock,
    log,
    async close() {
      await publisher.close()
      cache.disconnect()
      await db.destroy()
    },
  }
}
