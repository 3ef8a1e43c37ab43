import { setTimeout as sleep } from 'node:timers/promises'
import { createDb } from '@muster/db'
import { startPublisher } from '@muster/jobs/publisher'
import { createLogger } from '@muster/logger'
import { parseRedisUrl } from '@muster/redis'
import { registry } from '@muster/telemetry'
import { answer } from '../answer.ts'
import { setting } from '../setting.ts'

export type OutboxSample = { ids: string[] }
export type DrainAnswer = { elapsedMs: number }

const log = createLogger({ name: 'bench-publisher', level: 'warn' })
const db = createDb({ url: setting('DATABASE_URL'), poolMax: 10, applicationName: 'bench-publisher' })

/** Measures how long a publisher that starts with a full outbox takes to publish the last row. */
answer<OutboxSample, DrainAnswer>(async ({ ids }) => {
  const startMs = performance.now()
  const publisher = startPublisher({ db, redisSettings: parseRedisUrl(setting('REDIS_URL')), log })
  while ((await published()) < ids.length) await sleep(2)
  await publisher.close()
  return { elapsedMs: performance.now() - startMs }
})

/** Returns how many rows the publisher has counted as published. Polling the outbox would slow it down. */
async function published(): Promise<number> {
  const metric = await registry.getSingleMetric('muster_outbox_published_total')?.get()
  return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0
}
