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

/** Opens every connection of the reminder worker. `close` is the reverse. */
export function createDeps(config: Config, log: Logger, clock: Clock = systemClock): Deps & { close(): Promise<void> } {
  const db = createDb({ ...config.database, applicationName: 'muster-reminder-worker' })
  const relay = startRelay({ db, redisUrl: config.redisUrl, log, clock })
  return {
    db,
    redisUrl: config.redisUrl,
    relay,
    transact: createTransact({ db, relay }),
    clock,
    log,
    async close() {
      await relay.close()
      await db.destroy()
    },
  }
}
