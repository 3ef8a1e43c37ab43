/** A process for tests to kill: `worker <jobMs>` takes jobs of the image queue, `order <subject>` orders one and dies. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createDb } from '@muster/db'
import { sql } from 'kysely'
import { createTransact } from './outbox.ts'
import { startRelay } from './relay.ts'
import { imageHandlers, order, silent, takeEffect } from './test-support.ts'
import { startWorker } from './worker.ts'

const [mode, argument = ''] = process.argv.slice(2)
const { DATABASE_URL: url = '', REDIS_URL: redisUrl = '' } = process.env

const db = createDb({ url, poolMax: 4, applicationName: 'jobs-test-process' })
const relay = startRelay({ db, redisUrl, log: silent })

if (mode === 'order') {
  await order(createTransact({ db, relay }), { attachmentId: argument })
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
  deps: { db, redisUrl, log: silent, relay },
  concurrency: 2,
})
