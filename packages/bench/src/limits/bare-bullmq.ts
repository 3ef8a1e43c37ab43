import { sendEmail } from '@muster/jobs/definitions'
import { queuePrefix } from '@muster/jobs/queue'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { answer } from '../answer.ts'
import type { DrainAnswer, OutboxSample } from '../drivers/drain-outbox.ts'
import { setting } from '../setting.ts'

const batchSize = 500
const connection = new Redis(setting('REDIS_URL'), { maxRetriesPerRequest: null })
const queue = new Queue(sendEmail.queue, { connection, prefix: queuePrefix(sendEmail.queue) })
await queue.waitUntilReady()

/** Adds the same jobs with the same options directly to BullMQ. */
answer<OutboxSample, DrainAnswer>(async ({ ids }) => {
  const jobs = ids.map((id) => ({
    name: sendEmail.name,
    data: { emailId: id },
    opts: {
      ...sendEmail.options,
      jobId: id,
      removeOnComplete: { age: 3_600, count: 10_000 },
      removeOnFail: { age: 30 * 86_400, count: 10_000 },
    },
  }))
  const startMs = performance.now()
  for (let start = 0; start < jobs.length; start += batchSize) await queue.addBulk(jobs.slice(start, start + batchSize))
  return { elapsedMs: performance.now() - startMs }
})
