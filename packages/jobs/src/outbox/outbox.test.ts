import { newId } from '@muster/db'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { optimizeImage } from '../definitions/index.ts'
import { createHarness, enqueueJob, type Harness, someImage, takeEffect } from '../testing/harness.ts'
import { noPublisher } from './effects.ts'

let world: Harness
beforeEach(async () => {
  world = await createHarness()
})
afterEach(() => world.close())

const inRedis = async (jobId: string) => (await (await world.queue()).getJob(jobId)) !== undefined
const untilInRedis = (jobId: string) => eventually(async () => expect(await inRedis(jobId)).toBe(true))
const untilPublished = (jobId: string) =>
  eventually(async () => expect((await world.outboxRow(jobId))?.published_at).toBeInstanceOf(Date))

test('rows, jobs and audit events of a transaction commit together', async () => {
  const { subject } = await world.transact()(async ({ trx, enqueue, audit }) => {
    const payload = someImage()
    await sql`insert into effects values ('row')`.execute(trx)
    audit({ action: 'a.b', actorId: null, targetType: 't', targetId: '1', after: { x: 1 } })
    return { subject: payload.attachmentId, jobId: enqueue(optimizeImage, payload) }
  })
  world.worker(takeEffect)
  await eventually(async () => expect(await world.effects()).toEqual([subject, 'row'].sort()))
  expect(await world.db.selectFrom('audit_pending').select(['action', 'after']).execute()).toEqual([
    { action: 'a.b', after: { x: 1 } },
  ])
})

test('a transaction that is rolled back leaves no row, no job and no audit event', async () => {
  world.worker(takeEffect)
  const failing = world.transact()(async ({ trx, enqueue, audit }) => {
    await sql`insert into effects values ('row')`.execute(trx)
    audit({ action: 'a.b', actorId: null, targetType: 't', targetId: '1' })
    enqueue(optimizeImage, someImage())
    throw new Error('rolled back')
  })
  await expect(failing).rejects.toThrow('rolled back')
  const { subject } = await enqueueJob(world.transact())
  await eventually(async () => expect(await world.effects()).toEqual([subject]))
  expect(await world.db.selectFrom('audit_pending').selectAll().execute()).toEqual([])
})

test('a payload that the schema of its job refuses rolls the transaction back', async () => {
  const enqueuing = world.transact()(async ({ trx, enqueue }) => {
    await sql`insert into effects values ('row')`.execute(trx)
    enqueue(optimizeImage, { attachmentId: 'no uuid' })
  })
  await expect(enqueuing).rejects.toThrow('attachmentId')
  expect(await world.effects()).toEqual([])
})

test('a job with a runAt does not start before it', async () => {
  world.worker(takeEffect)
  const runAt = new Date(Date.now() + 1_500)
  await world.transact()(async ({ enqueue }) => enqueue(optimizeImage, someImage(), { runAt }))
  await eventually(async () => expect(await world.effects()).toHaveLength(1))
  expect(Date.now()).toBeGreaterThanOrEqual(runAt.getTime())
})

test('a job is published by the nudge of its commit, not by the next poll', async () => {
  world.worker(takeEffect)
  const transact = world.transact()
  const untilEffects = (count: number) => eventually(async () => expect(await world.effects()).toHaveLength(count))
  await enqueueJob(transact)
  await untilEffects(1)
  const startedMs = performance.now()
  for (let count = 2; count <= 21; count++) {
    await enqueueJob(transact)
    await untilEffects(count)
  }
  // By polls, which come a second apart, it would take 20 s.
  expect(performance.now() - startedMs).toBeLessThan(10_000)
})

test('a row whose publisher was not nudged is published by any other publisher', async () => {
  const { jobId } = await enqueueJob(world.transact(noPublisher))
  expect((await world.outboxRow(jobId))?.published_at).toBeNull()
  world.publisher()
  await untilInRedis(jobId)
})

test('a publisher that is closed right after a commit has published its jobs', async () => {
  const publisher = world.publisher({ republishAfterMs: 3_300_000 })
  const transact = world.transact(publisher)
  const first = await enqueueJob(transact)
  await untilPublished(first.jobId)
  const last = await enqueueJob(transact)
  await publisher.close()
  expect(await inRedis(last.jobId)).toBe(true)
  expect((await world.outboxRow(last.jobId))?.published_at).toBeInstanceOf(Date)
})

test('more jobs of one transaction than the fast path holds are all done, each once', async () => {
  const images = Array.from({ length: 1_200 }, someImage)
  world.worker(takeEffect, { concurrency: 20 })
  await world.transact()(async ({ enqueue }) => {
    for (const image of images) enqueue(optimizeImage, image)
  })
  await eventually(async () => expect(await world.effects()).toHaveLength(images.length), { timeoutMs: 40_000 })
  expect(await world.effects()).toEqual(images.map(({ attachmentId }) => attachmentId).sort())
})

test('publishers side by side publish each row, and each job is done once', async () => {
  const transacts = [world.transact(), world.transact(), world.transact()]
  world.worker(takeEffect, { concurrency: 10 })
  const enqueued = await Promise.all(
    Array.from({ length: 300 }, (_, index) => enqueueJob(transacts[index % 3] ?? world.transact())),
  )
  await eventually(async () => expect(await world.effects()).toHaveLength(300), { timeoutMs: 40_000 })
  expect(await world.effects()).toEqual(enqueued.map(({ subject }) => subject).sort())
  await eventually(async () => expect(await world.db.selectFrom('outbox').select('id').execute()).toEqual([]))
})

test('after Redis lost its data every pending job is published again at once', async () => {
  const transact = world.transact(world.publisher({ republishAfterMs: 3_300_000 }))
  await eventually(async () => expect(await world.redis.client.get('{muster-image}:epoch')).toBeTruthy())
  const enqueued = [await enqueueJob(transact), await enqueueJob(transact), await enqueueJob(transact)]
  for (const { jobId } of enqueued) await untilPublished(jobId)
  await world.redis.client.flushdb()
  for (const { jobId } of enqueued) await untilInRedis(jobId)
  world.worker(takeEffect)
  await eventually(async () => expect(await world.effects()).toEqual(enqueued.map(({ subject }) => subject).sort()))
})

test('a job that went to a Redis which lost its data since is not marked as published', async () => {
  const publisher = world.publisher({ republishAfterMs: 3_300_000 })
  await eventually(async () => expect(await world.redis.client.get('{muster-image}:epoch')).toBeTruthy(), {
    intervalMs: 5,
  })
  // Another process has seen the loss; this one polls again in a second.
  await world.redis.client.set('{muster-image}:epoch', newId())
  const { jobId } = await enqueueJob(world.transact(publisher))
  await untilInRedis(jobId)
  await publisher.close()
  expect((await world.outboxRow(jobId))?.published_at).toBeNull()
})

test('a worker that waits for jobs processes new ones after Redis lost its data', async () => {
  world.worker(takeEffect)
  const transact = world.transact()
  await enqueueJob(transact)
  await eventually(async () => expect(await world.effects()).toHaveLength(1))
  await world.redis.client.flushdb()
  await enqueueJob(transact)
  await eventually(async () => expect(await world.effects()).toHaveLength(2))
})

test('a single job that Redis lost is published again after the interval', async () => {
  const { jobId, subject } = await enqueueJob(world.transact(world.publisher({ republishAfterMs: 1_500 })))
  await untilPublished(jobId)
  await untilInRedis(jobId)
  await (await world.queue()).remove(jobId)
  expect(await inRedis(jobId)).toBe(false)
  await untilInRedis(jobId)
  world.worker(takeEffect)
  await eventually(async () => expect(await world.effects()).toEqual([subject]))
})

test('a waiting job that is published again is one job and has one effect', async () => {
  const { jobId } = await enqueueJob(world.transact(world.publisher({ republishAfterMs: 0 })))
  const first = await eventually(async () => {
    const publishedAt = (await world.outboxRow(jobId))?.published_at
    expect(publishedAt).toBeInstanceOf(Date)
    return publishedAt
  })
  await eventually(async () => {
    const again = (await world.outboxRow(jobId))?.published_at
    expect(again?.getTime()).toBeGreaterThan(first?.getTime() ?? 0)
  })
  expect(await (await world.queue()).getWaitingCount()).toBe(1)
  world.worker(takeEffect)
  await eventually(async () => expect(await world.outboxRow(jobId)).toBeUndefined())
  expect(await world.effects()).toHaveLength(1)
})
