import { setTimeout as sleep } from 'node:timers/promises'
import { createDb, newId } from '@muster/db'
import { sendEmail } from '@muster/jobs/definitions'
import { createTransact } from '@muster/jobs/outbox'
import { startPublisher } from '@muster/jobs/publisher'
import { createLogger } from '@muster/logger'
import { parseRedisUrl } from '@muster/redis'
import { answer } from '../answer.ts'
import { setting } from '../setting.ts'
import { now } from './clock.ts'

/** The job's id and the time of its commit. */
export type Enqueued = [jobId: string, committedAtMs: number]

const log = createLogger({ name: 'bench-enqueuer', level: 'warn' })
const db = createDb({
  url: setting('DATABASE_URL'),
  poolMax: 10,
  applicationName: 'bench-enqueuer',
  // A machine that cannot keep the rate shows long latencies.
  connectTimeoutMs: 60_000,
})
const publisher = startPublisher({ db, redisSettings: parseRedisUrl(setting('REDIS_URL')), log })
let committed: Enqueued[] = []
const transact = createTransact({
  db,
  publisher: {
    ...publisher,
    nudge(rows) {
      const atMs = now()
      committed.push(...rows.map(({ id }): Enqueued => [id, atMs]))
      publisher.nudge(rows)
    },
  },
})

/** Enqueues jobs at a constant rate, each in its own transaction, as a route does. */
answer<{ perSecond: number; seconds: number }, Enqueued[]>(async ({ perSecond, seconds }) => {
  const commits: Promise<string>[] = []
  const startMs = now()
  const count = perSecond * seconds
  while (commits.length < count) {
    const due = Math.min(count, ((now() - startMs) * perSecond) / 1_000)
    while (commits.length < due) commits.push(transact(async ({ enqueue }) => enqueue(sendEmail, { emailId: newId() })))
    await sleep(1)
  }
  await Promise.all(commits)
  const enqueued = committed
  committed = []
  return enqueued
})
