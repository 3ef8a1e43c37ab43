import { createDb } from '@muster/db'
import { sendEmail } from '@muster/jobs/definitions'
import { startPublisher } from '@muster/jobs/publisher'
import { handle, startWorker } from '@muster/jobs/worker'
import { createLogger } from '@muster/logger'
import { parseRedisUrl } from '@muster/redis'
import { answer } from '../answer.ts'
import { setting } from '../setting.ts'
import { now } from './clock.ts'

/** The time at which each job's handler was started. */
export type Started = [jobId: string, startedAtMs: number]

const concurrency = 20
const log = createLogger({ name: 'bench-worker', level: 'warn' })
const db = createDb({ url: setting('DATABASE_URL'), poolMax: 10, applicationName: 'bench-worker' })
const redisSettings = parseRedisUrl(setting('REDIS_URL'))
let started: Started[] = []

const recordStart = handle(sendEmail, async (_payload, { jobId }) => {
  started.push([jobId, now()])
})
const publisher = startPublisher({ db, redisSettings, log })
startWorker({ queue: 'email', handlers: [recordStart], deps: { db, redisSettings, log, publisher }, concurrency })

/** Answers with the jobs that were started since the previous question. */
answer<object, Started[]>(() => {
  const taken = started
  started = []
  return taken
})
