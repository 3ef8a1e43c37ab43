import { once } from 'node:events'
import { failFastRedis, parseRedisUrl } from '@muster/redis'
import { eventually } from '@muster/testing'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { deleteFiles } from '../definitions/index.ts'
import { createHarness, enqueueJob, type Harness } from '../testing/harness.ts'
import { discardAllJobs } from './discard-all-jobs.ts'

let world: Harness
beforeEach(async () => {
  world = await createHarness()
})
afterEach(() => world.close())

test('jobs of the previous owner of a Redis are gone, and own pending ones are published again', async () => {
  const { jobId } = await enqueueJob(world.transact())
  const queue = await world.queue()
  await eventually(async () => expect(await queue.getJob(jobId)).toBeDefined())
  await queue.add(deleteFiles.name, { keys: ['attachments/1/original'] }, { jobId: 'of-another-installation' })

  const redis = failFastRedis(parseRedisUrl(world.redis.url))
  onTestFinished(() => redis.disconnect())
  if (redis.status !== 'ready') await once(redis, 'ready')
  await discardAllJobs(redis)
  await eventually(async () => expect(await queue.getJob(jobId)).toBeDefined())
  expect(await queue.getJob('of-another-installation')).toBeUndefined()
})
