import { setTimeout as sleep } from 'node:timers/promises'
import { createDb } from '@muster/db'
import { createTransact } from '@muster/jobs/outbox'
import { startPublisher } from '@muster/jobs/publisher'
import { createLogger } from '@muster/logger'
import { notify } from '@muster/notifications'
import { parseRedisUrl } from '@muster/redis'
import { answer } from '../answer.ts'
import { setting } from '../setting.ts'
import { numbered } from '../sockets/clients.ts'
import { now } from './clock.ts'

export type Notifying = { userIds: string[]; perSecond: number; seconds: number }
/** The time of the commit, by the number of the notification. */
export type Notified = [number: number, committedAtMs: number]

const log = createLogger({ name: 'bench-notifier', level: 'error' })
const db = createDb({ url: setting('DATABASE_URL'), poolMax: 10, applicationName: 'bench-notifier' })
const publisher = startPublisher({ db, redisSettings: parseRedisUrl(setting('REDIS_URL')), log })
const transact = createTransact({ db, publisher })
let lastNumber = 0

/** Notifies users at a constant rate, each in its own transaction, as workers do: what the API does is left to deliver. */
answer<Notifying, Notified[]>(async ({ userIds, perSecond, seconds }) => {
  const startMs = now()
  const count = Math.round(perSecond * seconds)
  const notified: Promise<Notified>[] = []
  for (let index = 0; index < count; index++) {
    await sleep(Math.max(0, startMs + (index * 1_000) / perSecond - now()))
    notified.push(notifyOne(userIds[index % userIds.length] as string, ++lastNumber))
  }
  return Promise.all(notified)
})

async function notifyOne(userId: string, number: number): Promise<Notified> {
  let committedAtMs = Number.NaN
  await transact(async (tx) => {
    // The first effect after the commit.
    tx.afterCommit(async () => {
      committedAtMs = now()
    })
    const text = { title: `Bench ${number}`, message: numbered(number) }
    await notify(tx, { userId, type: 'general', ...text, now: new Date() })
  })
  return [number, committedAtMs]
}
