import { newId } from '@muster/db'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { optimizeImage } from '../definitions/index.ts'
import { createJobsWorld, enqueueJob, type JobsWorld, someImage, takeEffect } from '../testing/jobs-world.ts'
import { noPublisher } from './transact.ts'

let world: JobsWorld
beforeEach(async () => {
  world = await createJobsWorld()
})
afterEach(() => world.close())

const inRedis = async (jobId: string) => (await (await world.queue()).getJob(jobId)) !== undefined
const untilInRedis = (jobId: string, timeoutMs = 5_000) =>
  eventually(async () => expect(await inRedis(jobId)).toBe(true), { timeoutMs })
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
    throw new Error('changed my mind')
  })
  await expect(failing).rejects.toThrow('changed my mind')
  const { subject } = await enqueueJob(world.transact())
  await eventually(async () => expect(await world.effects()).toEqual([subject]))
  expect(await world.db.selectFrom('audit_pending').selectAll().execute()).toEqual([])
})

test('a payload that the job refuses takes the whole transaction with it', async () => {
  const ordering = world.transact()(async ({ trx, enqueue }) => {
    await sql`insert into effects values ('row')`.execute(trx)
    enqueue(optimizeImage, { attachmentId: 'no uuid' })
  })
  await expect(ordering).rejects.toThrow('attachmentId')
  expect(await world.effects()).toEqual([])
})

test('a job with a moment does not start before it', async () => {
  world.worker(takeEffect)
  const runAt = new Date(Date.now() + 1_500)
  await world.transact()(async ({ enqueue }) => enqueue(optimizeImage, someImage(), { runAt }))
  await eventually(async () => expect(await world.effects()).toHaveLength(1))
  expect(Date.now()).toBeGreaterThanOrEqual(runAt.getTime())
})

test('a job starts at once, not when a relay next looks', async () => {
  world.worker(takeEffect)
  const transact = world.transact()
  const untilEffects = (count: number) =>
    eventually(async () => expect(await world.effects()).toHaveLength(count), { timeoutMs: 10_000 })
  await enqueueJob(transact)
  await untilEffects(1)
  const startedMs = performance.now()
  for (let count = 2; count <= 11; count++) {
    await enqueueJob(transact)
    await untilEffects(count)
  }
  // Looks come a second apart.
  expect(performance.now() - startedMs).toBeLessThan(5_000)
})

test('a row that nobody was nudged about is published by any relay', async () => {
  const { jobId } = await enqueueJob(world.transact(noPublisher))
  expect((await world.outboxRow(jobId))?.published_at).toBeNull()
  world.publisher()
  await untilInRedis(jobId)
})

test('a relay that is closed right after a commit has handed its jobs over', async () => {
  const publisher = world.publisher({ republishAfterMs: 3_300_000 })
  const transact = world.transact(publisher)
  const first = await enqueueJob(transact)
  await untilPublished(first.jobId)
  const last = await enqueueJob(transact)
  await publisher.close()
  expect(await inRedis(last.jobId)).toBe(true)
  expect((await world.outboxRow(last.jobId))?.published_at).toBeInstanceOf(Date)
})

test('more jobs of one transaction than the short way holds are all done, each once', async () => {
  const images = Array.from({ length: 1_200 }, someImage)
  world.worker(takeEffect, { concurrency: 20 })
  await world.transact()(async ({ enqueue }) => {
    for (const image of images) enqueue(optimizeImage, image)
  })
  await eventually(async () => expect(await world.effects()).toHaveLength(images.length), { timeoutMs: 20_000 })
  expect(await world.effects()).toEqual(images.map(({ attachmentId }) => attachmentId).sort())
})

test('relays side by side publish each row, and a worker takes each once', async () => {
  const transacts = [world.transact(), world.transact(), world.transact()]
  world.worker(takeEffect, { concurrency: 10 })
  const orders = await Promise.all(
    Array.from({ length: 300 }, (_, index) => enqueueJob(transacts[index % 3] ?? world.transact())),
  )
  await eventually(async () => expect(await world.effects()).toHaveLength(300), { timeoutMs: 15_000 })
  expect(await world.effects()).toEqual(orders.map(({ subject }) => subject).sort())
  await eventually(async () => expect(await world.db.selectFrom('outbox').select('id').execute()).toEqual([]))
})

test('after Redis lost its memory everything owed is published again at once', async () => {
  const transact = world.transact(world.publisher({ republishAfterMs: 3_300_000 }))
  await eventually(async () => expect(await world.redis.client.get('muster:epoch')).toBeTruthy())
  const orders = [await enqueueJob(transact), await enqueueJob(transact), await enqueueJob(transact)]
  for (const { jobId } of orders) await untilPublished(jobId)
  await world.redis.client.flushdb()
  for (const { jobId } of orders) await untilInRedis(jobId, 3_000)
  world.worker(takeEffect)
  await eventually(async () => expect(await world.effects()).toEqual(orders.map(({ subject }) => subject).sort()))
})

test('what was handed over to a Redis that lost its memory since is not marked as published', async () => {
  const publisher = world.publisher({ republishAfterMs: 3_300_000 })
  await eventually(async () => expect(await world.redis.client.get('muster:epoch')).toBeTruthy(), { intervalMs: 5 })
  // Another process has seen the loss; this one looks again in a second.
  await world.redis.client.set('muster:epoch', newId())
  const { jobId } = await enqueueJob(world.transact(publisher))
  await untilInRedis(jobId)
  await publisher.close()
  expect((await world.outboxRow(jobId))?.published_at).toBeNull()
})

test('a worker that waits for jobs goes on after Redis lost its memory', async () => {
  world.worker(takeEffect)
  const transact = world.transact()
  await enqueueJob(transact)
  await eventually(async () => expect(await world.effects()).toHaveLength(1))
  await world.redis.client.flushdb()
  await enqueueJob(transact)
  await eventually(async () => expect(await world.effects()).toHaveLength(2), { timeoutMs: 10_000 })
})

test('a job that Redis lost alone is published again after the interval', async () => {
  const { jobId, subject } = await enqueueJob(world.transact(world.publisher({ republishAfterMs: 1_500 })))
  await untilPublished(jobId)
  await untilInRedis(jobId)
  await (await world.queue()).remove(jobId)
  expect(await inRedis(jobId)).toBe(false)
  await untilInRedis(jobId)
  world.worker(takeEffect)
  await eventually(async () => expect(await world.effects()).toEqual([subject]))
})

test('publishing again what still waits makes it neither two jobs nor two effects', async () => {
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
