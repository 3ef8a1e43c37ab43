import { type Clock, createDb, type Db, systemClock } from '@muster/db'
import { type Relay, startRelay } from '@muster/jobs/relay'
import type { Logger } from '@muster/logger'
import { createStorage, type Storage } from '@muster/storage'
import type { Config } from './config.ts'

export type Deps = {
  db: Db
  redisUrl: string
  relay: Relay
  storage: Storage
  clock: Clock
  log: Logger
}

/** Opens every connection of the image worker. `close` is the reverse. */
export function createDeps(config: Config, log: Logger): Deps & { close(): Promise<void> } {
  const db = createDb({ ...config.database, applicationName: 'muster-image-worker' })
  const relay = startRelay({ db, redisUrl: config.redisUrl, log })
  return {
    db,
    redisUrl: config.redisUrl,
    relay,
    storage: createStorage(config.storage),
    clock: systemClock,
    log,
    async close() {
      await relay.close()
      await db.destroy()
    },
  }
}
