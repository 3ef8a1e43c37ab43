import { existsSync } from 'node:fs'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { newId } from '@muster/db'
import { deleteFiles, sweepOrphans } from '@muster/jobs/definitions'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHarness, type Harness, withImageQueue } from '../testing/harness.ts'
import { gpsPhoto } from '../testing/images.ts'

let worker: Harness

beforeAll(async () => {
  worker = await createHarness()
})
afterAll(() => worker.close())

const put = (key: string) => worker.storage.put(key, Readable.from([Buffer.from('bytes')]))
const order = (keys: string[]) => worker.transact(async ({ enqueue }) => enqueue(deleteFiles, { keys }))
const openJobs = () => worker.db.selectFrom('outbox').select('id').where('failed_at', 'is', null).execute()

test('ordered deletions happen once ordered, also of keys that hold nothing', async () => {
  await Promise.all(['kept/1', 'gone/1', 'gone/2'].map(put))
  await order(['gone/1', 'gone/2', 'never/was'])
  await eventually(async () => expect(await openJobs()).toEqual([]))
  expect(await worker.keys()).toEqual(['kept/1'])
  await worker.storage.remove(['kept/1'])
})

test('a key that leads out of the storage fails for good with its reason and removes nothing', async () => {
  const jobId = newId()
  await put('kept/1')
  const payload = JSON.stringify({ keys: ['../../etc/hosts', 'kept/1'] })
  // Its last attempt, so that the test need not wait for the others.
  await worker.db
    .insertInto('outbox')
    .values({ id: jobId, queue: 'image', name: 'delete-files', payload, published_at: new Date() })
    .execute()
  await withImageQueue(worker.redisUrl, (queue) =>
    queue.add('delete-files', JSON.parse(payload), { jobId, attempts: 1 }),
  )
  await eventually(async () => {
    const row = await worker.db.selectFrom('outbox').selectAll().where('id', '=', jobId).executeTakeFirstOrThrow()
    expect(row.error).toMatch(/not a storage key/)
  })
  expect(await worker.keys()).toEqual(['kept/1'])
  await worker.storage.remove(['kept/1'])
})

test('a malformed payload fails for good with its reason', async () => {
  const id = newId()
  await worker.db
    .insertInto('outbox')
    .values({ id, queue: 'image', name: 'delete-files', payload: '{"keys":[]}' })
    .execute()
  await eventually(async () => {
    const row = await worker.db.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    expect(row.error).toMatch(/malformed payload: keys/)
  })
})

test('the sweep removes what is older than a day and named by no attachment, and nothing else', async () => {
  const ready = await worker.upload(await gpsPhoto(300, 200))
  await worker.finished(ready)
  const processing = await worker.insert(await gpsPhoto(300, 200))
  const [goneLongAgo, goneJustNow] = [newId(), newId()]
  await put(`attachments/${goneLongAgo}/original`)
  await put(`attachments/${goneJustNow}/original`)
  await put(`attachments/${ready}/optimized.leftover.part`)
  await put(`attachments/${processing}/optimized`)
  await put('attachments/not-ours')
  await put('avatars/1')
  const all = await worker.keys()
  await age(all.filter((key) => !key.includes(goneJustNow)))

  await withImageQueue(worker.redisUrl, (queue) => queue.add(sweepOrphans.name, {}))

  const orphans = [`attachments/${goneLongAgo}/original`, `attachments/${ready}/optimized.leftover.part`]
  const kept = all.filter((key) => !orphans.includes(key))
  await eventually(async () => expect(await worker.keys()).toEqual(kept))
})

test('the sweep gives up an image whose job was given up a day ago, and no other one in processing', async () => {
  const [abandoned, owed, fresh] = await Promise.all([1, 2, 3].map(() => worker.insert(Buffer.from('x'))))
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000)
  const jobOf = (attachmentId: string | undefined) => ({
    id: newId(),
    queue: 'image',
    name: 'optimize-image',
    payload: JSON.stringify({ attachmentId }),
    published_at: new Date(),
  })
  const givenUp = { ...jobOf(abandoned), failed_at: twoDaysAgo, error: 'stalled' }
  await worker.db.insertInto('outbox').values(givenUp).execute()
  await worker.db.insertInto('outbox').values(jobOf(owed)).execute()
  const old = [abandoned ?? '', owed ?? '']
  await worker.db.updateTable('attachments').set({ created_at: twoDaysAgo }).where('id', 'in', old).execute()

  await withImageQueue(worker.redisUrl, (queue) => queue.add(sweepOrphans.name, {}))

  const stateOf = (id = '') =>
    worker.db.selectFrom('attachments').select(['status', 'failure_reason']).where('id', '=', id).executeTakeFirst()
  await eventually(async () =>
    expect(await stateOf(abandoned)).toEqual({
      status: 'failed',
      failure_reason: 'The image could not be processed.',
    }),
  )
  for (const id of [owed, fresh]) expect(await stateOf(id)).toEqual({ status: 'processing', failure_reason: null })
})

async function age(keys: string[]) {
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000)
  for (const key of keys) await utimes(join(worker.storageDir, key), twoDaysAgo, twoDaysAgo)
}

test('what a killed process left in the temporary folder goes when a worker starts; what is in use stays', async () => {
  const [old, fresh] = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'muster-image-'))))
  const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000)
  await writeFile(join(old ?? '', 'original'), 'left')
  await utimes(old ?? '', twoHoursAgo, twoHoursAgo)
  const other = await createHarness()
  await eventually(() => expect([old, fresh].map((path) => existsSync(path ?? ''))).toEqual([false, true]))
  await other.close()
  await rm(fresh ?? '', { recursive: true })
})

test('the daily sweep is scheduled once, for the coming night', async () => {
  const schedulers = () => withImageQueue(worker.redisUrl, (queue) => queue.getJobSchedulers())
  const [scheduler] = await eventually(async () => {
    const found = await schedulers()
    expect(found).toHaveLength(1)
    return found
  })
  expect(scheduler).toMatchObject({ name: 'sweep-orphans', pattern: '0 17 3 * * *', tz: 'Etc/UTC' })
  const inMs = (scheduler?.next ?? 0) - Date.now()
  expect(inMs).toBeGreaterThan(0)
  expect(inMs).toBeLessThanOrEqual(86_400_000)
})
