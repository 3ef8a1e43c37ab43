import { Readable } from 'node:stream'
import { newId } from '@muster/db'
import { deleteFiles, optimizeAvatar, optimizeImage, sweepOrphans } from '@muster/jobs/definitions'
import { avatarKeys } from '@muster/storage'
import { type CloudinaryPeer, startCloudinaryPeer } from '@muster/storage/testing'
import { eventually, insertUser } from '@muster/testing'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createHarness, type Harness, withImageQueue } from '../testing/harness.ts'
import { animation, bomb, gpsPhoto } from '../testing/images.ts'

let peer: CloudinaryPeer
let worker: Harness

beforeAll(async () => {
  peer = await startCloudinaryPeer()
  worker = await createHarness({ storage: peer.config })
})
afterEach(() => {
  peer.trouble = undefined
})
afterAll(async () => {
  await worker.close()
  await peer.close()
})

const storedOf = (id: string) => [...peer.files.keys()].filter((publicId) => publicId.includes(id)).sort()
const bytesOf = (publicId: string) => peer.files.get(publicId)?.bytes as Buffer
const statusOf = (id: string) =>
  worker.db.selectFrom('attachments').select(['status', 'failure_reason']).where('id', '=', id).executeTakeFirst()
const delayedJobs = async () => {
  const jobs = await withImageQueue(worker.redisSettings, (queue) => queue.getDelayed())
  return jobs.filter(({ name }) => name === optimizeImage.name).length
}

test('a photo becomes a smaller WebP with a thumbnail, and its original is destroyed', async () => {
  const original = await gpsPhoto(2_400, 1_600)
  const attachment = await worker.finished(await worker.upload(original))
  expect(attachment).toMatchObject({ status: 'ready', content_type: 'image/webp', width_px: 1_620, height_px: 1_080 })
  const folder = `muster/attachments/${attachment.id}`
  await eventually(() => expect(storedOf(attachment.id)).toEqual([`${folder}/optimized`, `${folder}/thumbnail`]))
  const header = await sharp(bytesOf(`${folder}/optimized`)).metadata()
  expect([header.format, header.exif]).toEqual(['webp', undefined])
  expect(bytesOf(`${folder}/optimized`).length).toBe(attachment.size_bytes)
})

test('an animation keeps its frames', async () => {
  const gif = await animation('gif', { sizePx: 64, frames: 20, delayMs: 40 })
  const attachment = await worker.finished(await worker.upload(gif))
  const content = await worker.read(attachment.storage_key)
  expect((await sharp(content, { animated: true }).metadata()).pages).toBe(20)
})

test('a decompression bomb fails with its reason, and no file of it stays', async () => {
  const attachment = await worker.finished(await worker.upload(await bomb(9_000, 6_000)))
  expect(attachment).toMatchObject({ status: 'failed', failure_reason: expect.stringContaining('megapixels') })
  await eventually(() => expect(storedOf(attachment.id)).toEqual([]))
})

test.each([
  ['answers 500', { answers: 500 }],
  ['answers 429', { answers: 429 }],
  ['breaks its deliveries off', { cutsAt: 10_000 }],
  ['hangs up', { leaves: true }],
] as const)('while Cloudinary %s an image stays in processing, and is ready later', async (_, how) => {
  const id = await worker.insert(await gpsPhoto(800, 600))
  peer.trouble = how
  const before = await delayedJobs()
  await worker.enqueue(id)
  await eventually(async () => expect(await delayedJobs()).toBe(before + 1), { timeoutMs: 10_000 })
  expect(await statusOf(id)).toEqual({ status: 'processing', failure_reason: null })

  peer.trouble = undefined
  await withImageQueue(worker.redisSettings, async (queue) => {
    for (const job of await queue.getDelayed()) if (job.name === optimizeImage.name) await job.promote()
  })
  expect(await worker.finished(id)).toMatchObject({ status: 'ready', failure_reason: null })
})

test('a missing original makes the attachment failed after the last attempt', async () => {
  const id = await worker.insert()
  await worker.enqueue(id)
  expect(await worker.finished(id)).toMatchObject({
    status: 'failed',
    failure_reason: expect.stringMatching(/missing/),
  })
})

test('an uploaded image becomes the avatar, and no other file of it stays', async () => {
  const { id: userId } = await insertUser(worker.db)
  const uploadId = newId()
  const keys = avatarKeys(userId, uploadId)
  await worker.storage.put(keys.original, Readable.from([await gpsPhoto(900, 600)]))
  await worker.transact(async ({ trx, enqueue }) => {
    const wanted = { avatar_upload_id: uploadId, avatar_status: 'processing' }
    await trx.updateTable('users').set(wanted).where('id', '=', userId).execute()
    enqueue(optimizeAvatar, { userId, uploadId })
  })
  await eventually(() => expect(storedOf(userId)).toEqual([`muster/${keys.picture}`]), { timeoutMs: 15_000 })
  expect(await sharp(bytesOf(`muster/${keys.picture}`)).metadata()).toMatchObject({ format: 'webp', width: 512 })
})

test('enqueued deletions are completed when Cloudinary is available again', async () => {
  const keys = Array.from({ length: 30 }, (_, index) => `gone/${index}`)
  for (const key of keys) await worker.storage.put(key, Readable.from([Buffer.from('x')]))
  peer.trouble = { answers: 503 }
  await worker.transact(async ({ enqueue }) => enqueue(deleteFiles, { keys }))
  await eventually(() => expect(peer.requests.at(-1)).toMatch(/destroy/))
  peer.trouble = undefined
  await eventually(() => expect(storedOf('gone/')).toEqual([]), { timeoutMs: 20_000 })
})

test('the sweep deletes files older than a day that no attachment refers to, and no other', async () => {
  const ready = await worker.finished(await worker.upload(await gpsPhoto(300, 200)))
  const [old, fresh] = [newId(), newId()]
  for (const id of [old, fresh]) {
    await worker.storage.put(`attachments/${id}/original`, Readable.from([Buffer.from('left')]))
  }
  peer.files.set('elsewhere/attachments/1/original', { bytes: Buffer.from('x'), createdAt: new Date(0) })
  for (const [publicId, file] of peer.files) if (!publicId.includes(fresh)) file.createdAt = new Date('2026-01-01')
  await withImageQueue(worker.redisSettings, (queue) => queue.add(sweepOrphans.name, {}))
  await eventually(() => expect(storedOf(old)).toEqual([]))
  expect(storedOf(fresh)).toHaveLength(1)
  expect(storedOf(ready.id)).toHaveLength(2)
  expect(storedOf('elsewhere')).toHaveLength(1)
})
