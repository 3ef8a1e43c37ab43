/** A process for tests to kill: `worker <jobMs>` processes the image queue, `enqueue <subject>` enqueues a job and dies. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createDb } from '@muster/db'
import { parseRedisUrl } from '@muster/redis'
import { sql } from 'kysely'
import { startPublisher } from '../outbox/publisher.ts'
import { createTransact } from '../outbox/transact.ts'
import { startWorker } from '../worker/worker.ts'
import { enqueueJob, imageHandlers, silent, takeEffect } from './harness.ts'

const [mode, argument = ''] = process.argv.slice(2)
const { DATABASE_URL: url = '', REDIS_URL: redisUrl = '' } = process.env

const db = createDb({ url, poolMax: 4, applicationName: 'jobs-test-process' })
const redisSettings = parseRedisUrl(redisUrl)
const publisher = startPublisher({ db, redisSettings, log: silent })

if (mode === 'enqueue') {
  await enqueueJob(createTransact({ db, publisher }), { attachmentId: argument })
  process.kill(process.pid, 'SIGKILL')
}

startWorker({
  queue: 'image',
  handlers: imageHandlers(async (payload, context) => {
    await sql`insert into starts (subject, pid) values (${payload.attachmentId}, ${process.pid})`.execute(db)
    process.send?.('running')
    await sleep(Number(argument))
    await takeEffect(payload, context).finally(() => sql`insert into ends (pid) values (${process.pid})`.execute(db))
  }),
  deps: { db, redisSettings, log: silent, publisher },
  concurrency: 2,
})
