import type { KeyRing } from '@muster/config'
import { type Clock, createDb, type Db, systemClock } from '@muster/db'
import { type Relay, startRelay } from '@muster/jobs/relay'
import type { Logger } from '@muster/logger'
import type { Config, Retention } from './config.ts'
import { type OptionalRedis, openRedis } from './redis.ts'

export type Deps = {
  db: Db
  redisUrl: string
  redis: OptionalRedis
  relay: Relay
  keys: KeyRing
  retention: Retention
  clock: Clock
  log: Logger
}

/** Opens every connection of the audit worker. `close` is the reverse. */
export function createDeps(config: Config, log: Logger, clock: Clock = systemClock): Deps & { close(): Promise<void> } {
  const { redisUrl, keys, retention } = config
  const db = createDb({ ...config.database, applicationName: 'muster-audit-worker' })
  const redis = openRedis(redisUrl, log)
  const relay = startRelay({ db, redisUrl, log, clock })
  return {
    db,
    redisUrl,
    redis,
    relay,
    keys,
    retention,
    clock,
    log,
    async close() {
      await relay.close()
      redis.close()
      await db.destroy()
    },
  }
}
