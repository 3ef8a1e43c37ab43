import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { profileKey } from '@muster/cache'
import { newId } from '@muster/db'
import { deleteFiles, optimizeAvatar, sweepOrphans } from '@muster/jobs/definitions'
import { avatarKeys } from '@muster/storage'
import { eventually, insertUser } from '@muster/testing'
import { Redis } from 'ioredis'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stripMetadata } from '../containers/index.ts'
import { createHarness, type Harness, withImageQueue } from '../testing/harness.ts'
import {
  animation,
  apngOf,
  bomb,
  gpsPhoto,
  pixelAt,
  quarters,
  quartersOf,
  redAndBlue,
  turnBack,
} from '../testing/images.ts'

let worker: Harness
let redis: Redis

beforeAll(async () => {
  worker = await createHarness()
  redis = new Redis(worker.redisUrl)
})
afterAll(async () => {
  redis.disconnect()
  await worker.close()
})

const userOf = (userId: string) =>
  worker.db.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirstOrThrow()
const pendingJobs = () => worker.db.selectFrom('outbox').select('id').where('failed_at', 'is', null).execute()
const idle = () => eventually(async () => expect(await pendingJobs()).toEqual([]), { timeoutMs: 15_000 })
const filesOf = async (userId: string) => (await worker.keys()).filter((key) => key.startsWith(`avatars/${userId}/`))
const auditOf = async (userId: string) =>
  (
    await worker.db.selectFrom('audit_pending').select('action').where('target_id', '=', userId).orderBy('id').execute()
  ).map(({ action }) => action)

/** Uploads an avatar like the API. */
async function upload(userId: string, bytes: Buffer | undefined, uploadId = newId()): Promise<string> {
  if (bytes) await worker.storage.put(avatarKeys(userId, uploadId).original, Readable.from([bytes]))
  await worker.transact(async ({ trx, enqueue }) => {
    await trx
      .updateTable('users')
      .set({ avatar_upload_id: uploadId, avatar_status: 'processing' })
      .where('id', '=', userId)
      .execute()
    enqueue(optimizeAvatar, { userId, uploadId })
  })
  return uploadId
}

const withAvatar = async () => {
  const { id } = await insertUser(worker.db)
  const uploadId = await upload(id, await gpsPhoto(300, 200))
  await idle()
  return { userId: id, key: avatarKeys(id, uploadId).picture }
}

const square = () => quarters(64, 64).png().toBuffer()
/** Two frames in WebP, lossless, so that the file has the chunk in which the orientation is stored. */
async function turnedAnimation(): Promise<Buffer> {
  const frame = await turnBack(await square(), 6)
  const other = await sharp(frame).flop().png().toBuffer()
  const webp = await sharp([frame, other], { join: { animated: true } })
    .webp({ lossless: true })
    .toBuffer()
  return stripMetadata('webp', webp, { orientation: 6, canvas: { widthPx: 64, heightPx: 64 } })
}

test.each([
  ['an animated WebP of orientation 6', turnedAnimation],
  [
    'a JPEG without its end',
    async () =>
      (
        await sharp(await square())
          .jpeg()
          .toBuffer()
      ).subarray(0, -2),
  ],
  ['a PNG without its end', async () => (await square()).subarray(0, -12)],
  [
    'a GIF without its end',
    async () =>
      (
        await sharp(await square())
          .gif()
          .toBuffer()
      ).subarray(0, -1),
  ],
  [
    'an animated PNG with a hidden still image',
    async () => {
      const [hidden, shown] = [
        await sharp(await square())
          .negate()
          .png()
          .toBuffer(),
        await square(),
      ]
      return apngOf([{ png: hidden }, { png: shown }, { png: hidden }], { isFirstHidden: true })
    },
  ],
])('%s becomes an upright avatar of its first frame', async (_name, make) => {
  const { id: userId } = await insertUser(worker.db)
  await upload(userId, await make())
  await idle()
  const user = await userOf(userId)
  expect(user.avatar_status).toBe('ready')
  expect(await quartersOf(await worker.read(user.avatar_key ?? ''))).toEqual(['rgbw'])
})

test('a photo becomes an upright WebP of its centre square, 512 px, without metadata', async () => {
  const { id: userId } = await insertUser(worker.db)
  const stored = await sharp(await redAndBlue(800, 400).png().toBuffer())
    .rotate(-90)
    .jpeg({ quality: 100 })
    .withExif({ IFD0: { Make: 'Phone' } })
    .withMetadata({ orientation: 6 })
    .toBuffer()
  const uploadId = await upload(userId, stored)
  await idle()
  const user = await userOf(userId)
  expect(user).toMatchObject({
    avatar_key: avatarKeys(userId, uploadId).picture,
    avatar_status: 'ready',
    avatar_upload_id: null,
    version: 2,
  })
  const picture = await worker.read(user.avatar_key ?? '')
  const { exif, xmp, icc, ...header } = await sharp(picture).metadata()
  expect(header).toMatchObject({ format: 'webp', width: 512, height: 512 })
  expect([exif, xmp, icc]).toEqual([undefined, undefined, undefined])
  const [[red = 0, , noBlue = 0], [noRed = 0, , blue = 0]] = (await Promise.all(
    [40, 470].map((x) => pixelAt(picture, x, 256)),
  )) as [number[], number[]]
  expect([red > noBlue + 100, blue > noRed + 100]).toEqual([true, true])
  expect(await filesOf(userId)).toEqual([user.avatar_key])
  expect(await auditOf(userId)).toEqual(['user.avatar_changed'])
})

test('a new avatar replaces the old one, deletes its file and invalidates the cached profile', async () => {
  const { userId, key } = await withAvatar()
  await redis.set(profileKey(userId), '{"user":{}}')
  await upload(userId, await animation('gif', { sizePx: 64, frames: 3, delayMs: 100 }))
  await idle()
  const { avatar_key } = await userOf(userId)
  expect(avatar_key).not.toBe(key)
  expect(await filesOf(userId)).toEqual([avatar_key])
  expect((await sharp(await worker.read(avatar_key ?? '')).metadata()).pages).toBeUndefined()
  expect(await redis.exists(profileKey(userId))).toBe(0)
})

test.each([
  ['a bomb of 52 megapixels', () => bomb(7_200, 7_200), /megapixels/],
  ['a truncated file', async () => (await gpsPhoto(600, 400)).subarray(0, 4_000), /damaged/],
  ['a file that is no image', async () => Buffer.from('GIF89a and nothing else'), /damaged/],
])('%s keeps the old avatar, leaves no file and notifies the user', async (_name, bytes, reason) => {
  const { userId, key } = await withAvatar()
  await upload(userId, await bytes())
  await idle()
  expect(await userOf(userId)).toMatchObject({
    avatar_key: key,
    avatar_status: 'failed',
    avatar_upload_id: null,
    version: 2,
  })
  expect(await filesOf(userId)).toEqual([key])
  const notifications = await worker.db
    .selectFrom('notifications')
    .select(['type', 'message'])
    .where('user_id', '=', userId)
    .execute()
  expect(notifications).toEqual([{ type: 'general', message: expect.stringMatching(reason) }])
  expect(await auditOf(userId)).toEqual(['user.avatar_changed', 'user.avatar_failed'])
})

test('of two uploads the later one becomes the avatar, in any order of their jobs', async () => {
  const { id: userId } = await insertUser(worker.db)
  const late = newId()
  const [first, second] = [await gpsPhoto(2_400, 2_400), await gpsPhoto(300, 200)]
  await upload(userId, first)
  await upload(userId, second, late)
  await idle()
  expect((await userOf(userId)).avatar_key).toBe(avatarKeys(userId, late).picture)
})

test('an avatar that is removed during processing stays removed and leaves no file', async () => {
  for (const sizePx of [200, 1_500, 3_000]) {
    const { id: userId } = await insertUser(worker.db)
    const uploadId = await upload(userId, await gpsPhoto(sizePx, sizePx))
    await worker.transact(async ({ trx, enqueue }) => {
      await trx
        .updateTable('users')
        .set({ avatar_upload_id: null, avatar_key: null, avatar_status: null })
        .where('id', '=', userId)
        .execute()
      enqueue(deleteFiles, { keys: Object.values(avatarKeys(userId, uploadId)) })
    })
    await idle()
    expect(await userOf(userId)).toMatchObject({ avatar_key: null, avatar_status: null })
    expect(await filesOf(userId)).toEqual([])
  }
})

test('the sweep deletes orphaned avatars and fails abandoned uploads', async () => {
  const { userId, key } = await withAvatar()
  const other = await insertUser(worker.db)
  const put = (name: string) => worker.storage.put(name, Readable.from([Buffer.from('bytes')]))
  const [left, owned] = [newId(), newId()]
  const orphans = [avatarKeys(userId, left).original, avatarKeys(newId(), newId()).picture]
  const wanted = avatarKeys(other.id, owned).original
  await Promise.all([...orphans, wanted].map(put))
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000)
  for (const name of await worker.keys()) await utimes(join(worker.storageDir, name), twoDaysAgo, twoDaysAgo)
  const abandon = { avatar_upload_id: newId(), avatar_status: 'processing' }
  const abandoned = await insertUser(worker.db, abandon)
  await worker.db
    .updateTable('users')
    .set({ avatar_upload_id: owned, avatar_status: 'processing' })
    .where('id', '=', other.id)
    .execute()
  // Its job is pending, delayed by an hour.
  await worker.db
    .insertInto('outbox')
    .values({
      id: newId(),
      queue: 'image',
      name: optimizeAvatar.name,
      payload: JSON.stringify({ userId: other.id, uploadId: owned }),
      run_at: new Date(Date.now() + 3_600_000),
      published_at: new Date(),
    })
    .execute()

  await withImageQueue(worker.redisSettings, (queue) => queue.add(sweepOrphans.name, {}))

  await eventually(async () => {
    const keys = await worker.keys()
    for (const orphan of orphans) expect(keys).not.toContain(orphan)
  })
  expect(await worker.keys()).toEqual(expect.arrayContaining([key, wanted]))
  expect(await userOf(abandoned.id)).toMatchObject({ avatar_status: 'failed', avatar_upload_id: null })
  expect(await userOf(other.id)).toMatchObject({ avatar_status: 'processing', avatar_upload_id: owned })
})
