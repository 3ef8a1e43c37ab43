import { type Clock, createDb, type Db, systemClock } from '@muster/db'
import { type Publisher, startPublisher } from '@muster/jobs/publisher'
import type { Logger } from '@muster/logger'
import type { RedisSettings } from '@muster/redis'
import type { KeyRing } from '@muster/security/key-ring'
import type { Config } from './config.ts'
import { createSmtp, type Smtp } from './smtp/smtp.ts'

export type Deps = {
  log: Logger
  clock: Clock
  db: Db
  redisSettings: RedisSettings
  publisher: Publisher
  smtp: Smtp
  codeKeys: KeyRing
  webUrl: string
  publicUrl: string
}

/** Opens every connection of the email worker. `close` is the reverse. */
export function createDeps(config: Config, log: Logger, clock: Clock = systemClock): Deps & { close(): Promise<void> } {
  const { redis: redisSettings, codeKeys, webUrl, publicUrl } = config
  const db = createDb({ ...config.database, applicationName: 'muster-email-worker' })
  const publisher = startPublisher({ db, redisSettings, log, clock })
  const smtp = createSmtp(config.smtp, clock)
  return {
    log,
    clock,
    db,
    redisSettings,
    publisher,
    smtp,
    codeKeys,
    webUrl,
    publicUrl,
    async close() {
      smtp.close()
      await publisher.close()
      await db.destroy()
    },
  }
}
