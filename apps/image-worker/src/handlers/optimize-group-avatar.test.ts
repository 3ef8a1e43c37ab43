import { Readable } from 'node:stream'
import { newId } from '@muster/db'
import { optimizeGroupAvatar, sweepOrphans } from '@muster/jobs/definitions'
import { groupAvatarKeys } from '@muster/storage'
import { eventually, insertGroup, insertUser } from '@muster/testing'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHarness, type Harness, withImageQueue } from '../testing/harness.ts'
import { gpsPhoto } from '../testing/images.ts'

let worker: Harness
beforeAll(async () => {
  worker = await createHarness()
})
afterAll(() => worker.close())

const chatOf = (id: string) => worker.db.selectFrom('chats').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const idle = () =>
  eventually(async () =>
    expect(await worker.db.selectFrom('outbox').select('id').where('failed_at', 'is', null).execute()).toEqual([]),
  )

/** Uploads a picture of a new group, like the API. */
async function upload(bytes: Buffer) {
  const uploader = await insertUser(worker.db)
  const chat = await insertGroup(worker.db, [uploader])
  const uploadId = newId()
  const keys = groupAvatarKeys(chat.id, uploadId)
  await worker.storage.put(keys.original, Readable.from([bytes]))
  await worker.transact(async ({ trx, enqueue }) => {
    await trx
      .updateTable('chats')
      .set({ avatar_upload_id: uploadId, avatar_uploader_id: uploader.id, avatar_status: 'processing' })
      .where('id', '=', chat.id)
      .execute()
    enqueue(optimizeGroupAvatar, { chatId: chat.id, uploadId })
  })
  await idle()
  return { chat, uploader, keys }
}

test('the picture of a group is made from an upload, and its members learn it by a change', async () => {
  const { chat, keys } = await upload(await gpsPhoto(300, 200))
  const change = chat.change + 1
  expect(await chatOf(chat.id)).toMatchObject({
    avatar_key: keys.picture,
    avatar_status: 'ready',
    avatar_upload_id: null,
    change,
    own_change: change,
  })
  const picture = await sharp(await worker.read(keys.picture)).metadata()
  expect([picture.format, picture.width, picture.height]).toEqual(['webp', 512, 512])
  await eventually(async () =>
    expect((await worker.keys()).filter((key) => key.includes(chat.id))).toEqual([keys.picture]),
  )
  await withImageQueue(worker.redisSettings, (queue) => queue.add(sweepOrphans.name, {}))
  await idle()
  expect(await worker.keys()).toContain(keys.picture)
})

test('an upload that is no image changes nothing in the group, leaves no file and notifies its uploader', async () => {
  const { chat, uploader } = await upload(Buffer.from('no image'))
  expect(await chatOf(chat.id)).toMatchObject({ avatar_key: null, avatar_upload_id: null, change: chat.change })
  const notices = await worker.db
    .selectFrom('notifications')
    .select('title')
    .where('user_id', '=', uploader.id)
    .execute()
  expect(notices).toEqual([{ title: 'The picture of your group stays as it was' }])
  await eventually(async () => expect((await worker.keys()).filter((key) => key.includes(chat.id))).toEqual([]))
})
