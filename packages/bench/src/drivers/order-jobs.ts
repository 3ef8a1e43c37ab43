import { setTimeout as sleep } from 'node:timers/promises'
import { createDb, newId } from '@muster/db'
import { sendEmail } from '@muster/jobs'
import { createTransact } from '@muster/jobs/outbox'
import { startRelay } from '@muster/jobs/relay'
import { createLogger } from '@muster/logger'
import { answer } from '../answer.ts'
import { setting } from '../setting.ts'
import { now } from './clock.ts'

/** The job's id and when its transaction had committed. */
export type Ordered = [jobId: string, committedAtMs: number]

const log = createLogger({ name: 'bench-orders', level: 'warn' })
const db = createDb({ url: setting('DATABASE_URL'), poolMax: 10, applicationName: 'bench-orders' })
const relay = startRelay({ db, redisUrl: setting('REDIS_URL'), log })
const transact = createTransact({ db, relay })

/** Orders jobs at an even rate, each in a transaction of its own, as a route would. */
answer<{ perSecond: number; seconds: number }, Ordered[]>(async ({ perSecond, seconds }) => {
  const orders: Promise<Ordered>[] = []
  const startMs = now()
  const count = perSecond * seconds
  while (orders.length < count) {
    const due = Math.min(count, ((now() - startMs) * perSecond) / 1_000)
    while (orders.length < due) orders.push(order())
    await sleep(1)
  }
  return Promise.all(orders)
})

async function order(): Promise<Ordered> {
  const jobId = await transact(async ({ enqueue }) => enqueue(sendEmail, { emailId: newId() }))
  return [jobId, now()]
}
