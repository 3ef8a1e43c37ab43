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
const enqueueDeletion = (keys: string[]) => worker.transact(async ({ enqueue }) => enqueue(deleteFiles, { keys }))
const openJobs = () => worker.db.selectFrom('outbox').select('id').where('failed_at', 'is', null).execute()

test('files are deleted, and missing files are not an error', async () => {
  await Promise.all(['kept/1', 'gone/1', 'gone/2'].map(put))
  await enqueueDeletion(['gone/1', 'gone/2', 'never/was'])
  await eventually(async () => expect(await openJobs()).toEqual([]))
  expect(await worker.keys()).toEqual(['kept/1'])
  await worker.storage.remove(['kept/1'])
})

test('a key outside of the storage fails the job with its reason and deletes nothing', async () => {
  const jobId = newId()
  await put('kept/1')
  const payload = JSON.stringify({ keys: ['../../etc/hosts', 'kept/1'] })
  // With one attempt, so that the test does not wait for further ones.
  await worker.db
    .insertInto('outbox')
    .values({ id: jobId, queue: 'image', name: 'delete-files', payload, published_at: new Date() })
    .execute()
  await withImageQueue(worker.redisSettings, (queue) =>
    queue.add('delete-files', JSON.parse(payload), { jobId, attempts: 1 }),
  )
  await eventually(async () => {
    const row = await worker.db.selectFrom('outbox').selectAll().where('id', '=', jobId).executeTakeFirstOrThrow()
    expect(row.error).toMatch(/not a storage key/)
  })
  expect(await worker.keys()).toEqual(['kept/1'])
  await worker.storage.remove(['kept/1'])
})

test('a malformed payload fails with its reason', async () => {
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

test('the sweep deletes files older than a day that no attachment refers to, and no other', async () => {
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

  await withImageQueue(worker.redisSettings, (queue) => queue.add(sweepOrphans.name, {}))

  const orphans = [`attachments/${goneLongAgo}/original`, `attachments/${ready}/optimized.leftover.part`]
  const kept = all.filter((key) => !orphans.includes(key))
  await eventually(async () => expect(await worker.keys()).toEqual(kept))
})

test('the sweep fails an image whose job failed a day ago, and no other one in processing', async () => {
  const [abandoned, pending, fresh] = await Promise.all([1, 2, 3].map(() => worker.insert(Buffer.from('x'))))
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000)
  const jobOf = (attachmentId: string | undefined) => ({
    id: newId(),
    queue: 'image',
    name: 'optimize-image',
    payload: JSON.stringify({ attachmentId }),
    published_at: new Date(),
  })
  const failedJob = { ...jobOf(abandoned), failed_at: twoDaysAgo, error: 'stalled' }
  await worker.db.insertInto('outbox').values(failedJob).execute()
  await worker.db.insertInto('outbox').values(jobOf(pending)).execute()
  const old = [abandoned ?? '', pending ?? '']
  await worker.db.updateTable('attachments').set({ created_at: twoDaysAgo }).where('id', 'in', old).execute()

  await withImageQueue(worker.redisSettings, (queue) => queue.add(sweepOrphans.name, {}))

  const stateOf = (id = '') =>
    worker.db.selectFrom('attachments').select(['status', 'failure_reason']).where('id', '=', id).executeTakeFirst()
  await eventually(async () =>
    expect(await stateOf(abandoned)).toEqual({
      status: 'failed',
      failure_reason: 'The image could not be processed.',
    }),
  )
  for (const id of [pending, fresh]) expect(await stateOf(id)).toEqual({ status: 'processing', failure_reason: null })
})

async function age(keys: string[]) {
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000)
  for (const key of keys) await utimes(join(worker.storageDir, key), twoDaysAgo, twoDaysAgo)
}

test('old temporary folders are removed when a worker starts, and recent ones stay', async () => {
  const [old, fresh] = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'muster-image-'))))
  const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000)
  await writeFile(join(old ?? '', 'original'), 'left')
  await utimes(old ?? '', twoHoursAgo, twoHoursAgo)
  const other = await createHarness()
  await eventually(() => expect([old, fresh].map((path) => existsSync(path ?? ''))).toEqual([false, true]))
  await other.close()
  await rm(fresh ?? '', { recursive: true })
})

test('the sweep is scheduled once a day', async () => {
  const schedulers = () => withImageQueue(worker.redisSettings, (queue) => queue.getJobSchedulers())
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
