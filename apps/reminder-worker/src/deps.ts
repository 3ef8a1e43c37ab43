import { type Clock, createDb, type Db, systemClock } from '@muster/db'
import { createTransact, type Transact } from '@muster/jobs/outbox'
import { type Relay, startRelay } from '@muster/jobs/relay'
import type { Logger } from '@muster/logger'
import type { Config } from './config.ts'

export type Deps = {
  db: Db
  redisUrl: string
  relay: Relay
  transact: Transact
  clock: Clock
  log: Logger
}

/** The composition root: what this process is made of. */
export function createDeps(config: Config, log: Logger): Deps {
  const db = createDb({
    url: config.DATABASE_URL,
    poolMax: config.DATABASE_POOL_MAX,
    applicationName: 'muster-reminder-worker',
  })
  const relay = startRelay({ db, redisUrl: config.REDIS_URL, log })
  return { db, redisUrl: config.REDIS_URL, relay, transact: createTransact({ db, relay }), clock: systemClock, log }
}
