import type { KeyRing } from '@muster/config'
import { createDb, type Db } from '@muster/db'
import { type Relay, startRelay } from '@muster/jobs/relay'
import type { Logger } from '@muster/logger'
import type { Config } from './config.ts'

export type Deps = {
  db: Db
  redisUrl: string
  relay: Relay
  keys: KeyRing
  log: Logger
}

/** The composition root: what this process is made of. */
export function createDeps(config: Config, log: Logger): Deps {
  const db = createDb({
    url: config.DATABASE_URL,
    poolMax: config.DATABASE_POOL_MAX,
    applicationName: 'muster-audit-worker',
  })
  return {
    db,
    redisUrl: config.REDIS_URL,
    relay: startRelay({ db, redisUrl: config.REDIS_URL, log }),
    keys: config.AUDIT_KEYS,
    log,
  }
}
