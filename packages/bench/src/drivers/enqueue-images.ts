import { createDb } from '@muster/db'
import { optimizeImage } from '@muster/jobs/definitions'
import { createTransact } from '@muster/jobs/outbox'
import { startPublisher } from '@muster/jobs/publisher'
import { createLogger } from '@muster/logger'
import { parseRedisUrl } from '@muster/redis'
import { answer } from '../answer.ts'
import { setting } from '../setting.ts'

const log = createLogger({ name: 'bench-images', level: 'warn' })
const db = createDb({ url: setting('DATABASE_URL'), poolMax: 10, applicationName: 'bench-images' })
const publisher = startPublisher({ db, redisSettings: parseRedisUrl(setting('REDIS_URL')), log })
const transact = createTransact({ db, publisher })

/** Enqueues the optimization of these attachments in one transaction and publishes the jobs, as the API does. */
answer<{ ids: string[] }, void>(({ ids }) =>
  transact(async ({ enqueue }) => {
    for (const attachmentId of ids) enqueue(optimizeImage, { attachmentId })
  }),
)
