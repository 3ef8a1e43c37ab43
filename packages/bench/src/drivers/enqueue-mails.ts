import { createDb } from '@muster/db'
import { createTransact } from '@muster/jobs/outbox'
import { startPublisher } from '@muster/jobs/publisher'
import { createLogger } from '@muster/logger'
import { insertMail } from '@muster/mail'
import { parseRedisUrl } from '@muster/redis'
import { answer } from '../answer.ts'
import { setting } from '../setting.ts'

const log = createLogger({ name: 'bench-mails', level: 'warn' })
const db = createDb({ url: setting('DATABASE_URL'), poolMax: 10, applicationName: 'bench-mails' })
const publisher = startPublisher({ db, redisSettings: parseRedisUrl(setting('REDIS_URL')), log })
const transact = createTransact({ db, publisher })

/** Enqueues `count` mails in one transaction and publishes the jobs, as the API does. */
answer<{ count: number }, void>(({ count }) =>
  transact(async (tx) => {
    for (let index = 0; index < count; index++) {
      await insertMail(tx, { template: 'welcome', to: `user-${index}@example.com`, data: { name: 'Ada Lovelace' } })
    }
  }),
)
