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

/** The composition root: what this process is made of. */
export function createDeps(config: Config, log: Logger): Deps {
  const db = createDb({
    url: config.DATABASE_URL,
    poolMax: config.DATABASE_POOL_MAX,
    applicationName: 'muster-image-worker',
  })
  return {
    db,
    redisUrl: config.REDIS_URL,
    relay: startRelay({ db, redisUrl: config.REDIS_URL, log }),
    storage: createStorage({ driver: config.STORAGE_DRIVER, localDir: config.STORAGE_LOCAL_DIR }),
    clock: systemClock,
    log,
  }
}
