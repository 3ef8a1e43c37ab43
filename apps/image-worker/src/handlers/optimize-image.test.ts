import { rename, rm, writeFile } from 'node:fs/promises'
import { newId } from '@muster/db'
import { optimizeImage } from '@muster/jobs/definitions'
import { eventually } from '@muster/testing'
import exifr from 'exifr'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Attachment, createHarness, type Harness, withImageQueue } from '../testing/harness.ts'
import {
  animatedPng,
  animation,
  dots,
  gpsExif,
  gpsPhoto,
  photo,
  pixelAt,
  redAndBlue,
  turnBack,
} from '../testing/images.ts'

let worker: Harness

beforeAll(async () => {
  worker = await createHarness()
})
afterAll(() => worker.close())

const process = async (bytes: Buffer) => worker.finished(await worker.upload(bytes))
const contentOf = (attachment: Attachment) => worker.read(attachment.storage_key)
const auditOf = (id: string) =>
  worker.db.selectFrom('audit_pending').select(['action', 'after']).where('target_id', '=', id).execute()

test('a phone photo becomes a smaller WebP within 1920×1080 without camera and place, with a thumbnail of 320 px', async () => {
  const original = await gpsPhoto(3000, 2000)
  expect(await exifr.gps(original)).toMatchObject({ latitude: expect.closeTo(48.858, 2) })

  const attachment = await process(original)

  const content = await contentOf(attachment)
  expect(attachment).toMatchObject({
    status: 'ready',
    failure_reason: null,
    content_type: 'image/webp',
    width_px: 1620,
    height_px: 1080,
    original_size_bytes: original.length,
    optimized_size_bytes: content.length,
    size_bytes: content.length,
  })
  expect(content.length).toBeLessThan(original.length)
  const header = await sharp(content).metadata()
  expect(header).toMatchObject({ format: 'webp', width: 1620, height: 1080 })
  expect([header.exif, header.xmp, header.iptc, header.icc]).toEqual([undefined, undefined, undefined, undefined])
  const thumbnail = await sharp(await worker.read(attachment.thumbnail_key ?? '')).metadata()
  expect(thumbnail).toMatchObject({ format: 'webp', width: 320, height: 213 })
  expect(thumbnail.exif).toBeUndefined()
})

test('the original is deleted, and an audit event is recorded', async () => {
  const attachment = await process(await gpsPhoto(600, 400))
  const folder = `attachments/${attachment.id}`
  await eventually(async () => {
    const own = (await worker.keys()).filter((key) => key.startsWith(folder))
    expect(own).toEqual([`${folder}/optimized`, `${folder}/thumbnail`])
  })
  expect(await auditOf(attachment.id)).toEqual([
    {
      action: 'attachment.optimized',
      after: expect.objectContaining({ status: 'ready', widthPx: 600, heightPx: 400 }),
    },
  ])
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])('a photo with EXIF orientation %i becomes upright', async (orientation) => {
  const upright = await redAndBlue(120, 80).png().toBuffer()
  const stored = await sharp(await turnBack(upright, orientation))
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .withMetadata({ orientation })
    .toBuffer()
  const attachment = await process(stored)
  expect(attachment).toMatchObject({ status: 'ready', width_px: 120, height_px: 80 })
  const [[leftRed = 0, , leftBlue = 0], [rightRed = 0, , rightBlue = 0]] = (await Promise.all(
    [10, 110].map(async (x) => pixelAt(await contentOf(attachment), x, 40)),
  )) as [number[], number[]]
  expect(leftRed).toBeGreaterThan(leftBlue + 100)
  expect(rightBlue).toBeGreaterThan(rightRed + 100)
})

test('a transparent PNG stays transparent', async () => {
  const half = await sharp({
    create: { width: 400, height: 300, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } },
  })
    .composite([{ input: await photo(100, 100).png().toBuffer(), left: 0, top: 0 }])
    .png()
    .toBuffer()
  const attachment = await process(half)
  const { data, info } = await sharp(await contentOf(attachment))
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  expect(attachment.content_type).toBe('image/webp')
  expect(data[(200 * info.width + 300) * 4 + 3]).toBeGreaterThan(120)
  expect(data[(200 * info.width + 300) * 4 + 3]).toBeLessThan(136)
})

test.each(['gif', 'webp'] as const)(
  'an animated %s of a hundred frames keeps frames, timing and repetition',
  async (format) => {
    const original = await animation(format, { sizePx: 64, frames: 100, delayMs: 40 })
    const attachment = await process(original)
    const content = await contentOf(attachment)
    const header = await sharp(content, { animated: true }).metadata()
    expect(attachment).toMatchObject({ status: 'ready', width_px: 64, height_px: 64 })
    expect(header).toMatchObject({ pages: 100, loop: 3, delay: new Array(100).fill(40) })
    expect(content.length).toBeLessThanOrEqual(original.length)
    const thumbnail = await sharp(await worker.read(attachment.thumbnail_key ?? ''), { animated: true }).metadata()
    expect(thumbnail.pages ?? 1).toBe(1)
  },
)

test('an animated PNG keeps its frames and loses its text', async () => {
  const original = await animatedPng(64)
  const attachment = await process(original)
  const content = await contentOf(attachment)
  expect(attachment).toMatchObject({ status: 'ready', content_type: 'image/png', width_px: 64, height_px: 64 })
  expect(['acTL', 'fcTL', 'fdAT', 'IDAT'].map((type) => content.includes(type))).toEqual([true, true, true, true])
  expect(content.includes('Somebody')).toBe(false)
  expect(await pixelAt(content, 5, 5)).toEqual([255, 0, 0])
})

test('a small image is not enlarged', async () => {
  const attachment = await process(await photo(100, 60).jpeg().toBuffer())
  expect(attachment).toMatchObject({ width_px: 100, height_px: 60 })
})

test('an image that would grow as WebP keeps its pixels without metadata', async () => {
  const original = await dots(640, 480).withExif(gpsExif).toBuffer()
  const attachment = await process(original)
  const content = await contentOf(attachment)
  expect(attachment.content_type).toBe('image/png')
  expect(content.length).toBeLessThan(original.length)
  expect(content.includes('Somebody')).toBe(false)
  expect(await sharp(content).raw().toBuffer()).toEqual(await sharp(original).raw().toBuffer())
})

test('a job waits while the storage is unavailable and completes when it is back', async () => {
  await worker.finished(await worker.upload(await gpsPhoto(300, 200)))
  const id = await worker.insert(await gpsPhoto(320, 200))
  // A file in place of the folder refuses every access, like an unmounted volume.
  const away = `${worker.storageDir}-away`
  await rename(worker.storageDir, away)
  await writeFile(worker.storageDir, 'in the way')
  await worker.enqueue(id)
  await eventually(async () => expect(await delayedJobs()).toBe(1), { timeoutMs: 10_000 })
  const row = worker.db.selectFrom('attachments').select('status').where('id', '=', id)
  expect(await row.executeTakeFirst()).toEqual({ status: 'processing' })

  await rm(worker.storageDir)
  await rename(away, worker.storageDir)
  expect(await worker.finished(id)).toMatchObject({ status: 'ready', width_px: 320 })
})

test('a missing original makes the attachment failed after the last attempt', async () => {
  const id = await worker.insert()
  await worker.enqueue(id)
  expect(await worker.finished(id)).toMatchObject({
    status: 'failed',
    failure_reason: expect.stringMatching(/missing/),
  })
})

test('an attachment that is deleted during processing leaves no file', async () => {
  const id = await worker.insert(await gpsPhoto(1_500, 1_000))
  const ownKeys = async () => (await worker.keys()).filter((key) => key.startsWith(`attachments/${id}/`))
  // The deletion is uncommitted while the job runs, and commits before the job does.
  await worker.db.transaction().execute(async (trx) => {
    await trx.deleteFrom('attachments').where('id', '=', id).execute()
    await worker.enqueue(id)
    await eventually(async () => expect(await ownKeys()).toContain(`attachments/${id}/thumbnail`))
  })
  await eventually(async () => expect(await ownKeys()).toEqual([`attachments/${id}/original`]))
})

test('a job that runs again changes nothing', async () => {
  const id = await worker.upload(await gpsPhoto(300, 200))
  const before = await worker.finished(id)
  await worker.enqueue(id)
  expect(await worker.finished(id)).toEqual(before)
  expect(await auditOf(id)).toHaveLength(1)
})

test('a malformed payload fails with its reason and delays no other image', async () => {
  const jobId = newId()
  await worker.db
    .insertInto('outbox')
    .values({ id: jobId, queue: 'image', name: 'optimize-image', payload: JSON.stringify({ attachmentId: 'no uuid' }) })
    .execute()
  const attachment = await process(await gpsPhoto(300, 200))
  expect(attachment.status).toBe('ready')
  const row = await eventually(async () => {
    const found = await worker.db.selectFrom('outbox').selectAll().where('id', '=', jobId).executeTakeFirstOrThrow()
    expect(found.failed_at).not.toBeNull()
    return found
  })
  expect(row.error).toMatch(/malformed payload: attachmentId/)
})

async function delayedJobs(): Promise<number> {
  const jobs = await withImageQueue(worker.redisSettings, (queue) => queue.getDelayed())
  return jobs.filter(({ name }) => name === optimizeImage.name).length
}
