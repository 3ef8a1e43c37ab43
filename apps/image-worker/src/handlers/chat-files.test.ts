import { newId } from '@muster/db'
import { sweepOrphans } from '@muster/jobs/definitions'
import { failFastRedis } from '@muster/redis'
import { type Signal, subscribeSignals } from '@muster/signals'
import { eventually, insertGroup, insertMessage, insertUser } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createHarness, type Harness, withImageQueue } from '../testing/harness.ts'
import { gpsPhoto } from '../testing/images.ts'

let worker: Harness
let signals: Signal[]
let close: () => void

beforeAll(async () => {
  worker = await createHarness()
  const redis = failFastRedis(worker.redisSettings)
  const resumed = Promise.withResolvers<void>()
  const subscription = subscribeSignals(
    { redis, ownId: newId() },
    { onSignals: (batch) => signals.push(...batch), onSilence() {}, onResume: () => resumed.resolve() },
  )
  await resumed.promise
  close = () => {
    subscription.close()
    redis.disconnect()
  }
})
beforeEach(() => {
  signals = []
})
afterAll(async () => {
  close()
  await worker.close()
})

/** A group with one sent message. */
const chatWithMessage = async () => {
  const sender = await insertUser(worker.db)
  const chat = await insertGroup(worker.db, [sender])
  const message = await insertMessage(worker.db, chat, sender)
  return { sender, chat, message, place: { chat_id: chat.id, uploader_id: sender.id } }
}
const numbersOf = async (chatId: string, messageId: string) => {
  const { change } = await worker.db
    .selectFrom('chats')
    .select('change')
    .where('id', '=', chatId)
    .executeTakeFirstOrThrow()
  const message = await worker.db
    .selectFrom('messages')
    .select('change')
    .where('id', '=', messageId)
    .executeTakeFirstOrThrow()
  return { chat: change, message: message.change }
}
const sweep = () => withImageQueue(worker.redisSettings, (queue) => queue.add(sweepOrphans.name, {}))
const twoDaysAgo = () => new Date(Date.now() - 2 * 86_400_000)

test('a sent image that becomes ready or failed raises the change of its message, with a signal', async () => {
  const { chat, message, place } = await chatWithMessage()
  const before = await numbersOf(chat.id, message.id)
  const sent = { ...place, message_id: message.id, position: 0 }

  const ready = await worker.finished(await worker.upload(await gpsPhoto(300, 200), sent))
  expect(ready.status).toBe('ready')
  expect(await numbersOf(chat.id, message.id)).toEqual({ chat: before.chat + 1, message: before.chat + 1 })

  const failed = await worker.finished(await worker.upload(Buffer.from('no image'), sent))
  expect(failed.status).toBe('failed')
  expect(await numbersOf(chat.id, message.id)).toEqual({ chat: before.chat + 2, message: before.chat + 2 })
  await eventually(() =>
    expect(signals).toEqual(
      [1, 2].map((step) => ({
        room: `chat:${chat.id}`,
        event: 'chat:change',
        chatId: chat.id,
        change: before.chat + step,
      })),
    ),
  )
})

test('an image that is not sent yet signals its uploader, and changes nothing in the chat', async () => {
  const { sender, chat, message, place } = await chatWithMessage()
  const before = await numbersOf(chat.id, message.id)
  const { id } = await worker.finished(await worker.upload(await gpsPhoto(300, 200), place))
  await eventually(() =>
    expect(signals).toEqual([{ room: `user:${sender.id}`, event: 'attachment', chatId: chat.id, id }]),
  )
  expect(await numbersOf(chat.id, message.id)).toEqual(before)
})

test('an image that is sent while its outcome waits for the chat raises the change of the message', async () => {
  const { chat, message, place } = await chatWithMessage()
  const before = await numbersOf(chat.id, message.id)
  const id = await worker.insert(await gpsPhoto(300, 200), place)
  await worker.db.transaction().execute(async (trx) => {
    await trx.selectFrom('chats').select('id').where('id', '=', chat.id).forNoKeyUpdate().execute()
    await worker.enqueue(id)
    await eventually(async () => {
      const { rows } = await sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(worker.db)
      expect(rows).toHaveLength(1)
    })
    const sent = { message_id: message.id, position: 0 }
    await trx.updateTable('attachments').set(sent).where('id', '=', id).execute()
  })
  expect((await worker.finished(id)).status).toBe('ready')
  expect(await numbersOf(chat.id, message.id)).toEqual({ chat: before.chat + 1, message: before.chat + 1 })
})

test('the sweep deletes unsent files after a day with their bytes, and keeps sent and recent ones', async () => {
  const { message, place } = await chatWithMessage()
  const sent = { ...place, message_id: message.id, position: 0 }
  const bytes = await gpsPhoto(300, 200)
  const [old, attached, recent] = await Promise.all([place, sent, place].map((at) => worker.upload(bytes, at)))
  const ids = [old, attached, recent] as [string, string, string]
  for (const id of ids) await worker.finished(id)
  await worker.db
    .updateTable('attachments')
    .set({ created_at: twoDaysAgo() })
    .where('id', 'in', ids.slice(0, 2))
    .execute()

  await sweep()

  await eventually(async () => {
    const kept = await worker.db.selectFrom('attachments').select('id').where('id', 'in', ids).execute()
    expect(new Set(kept.map(({ id }) => id))).toEqual(new Set(ids.slice(1)))
    expect((await worker.keys()).filter((key) => key.includes(ids[0]))).toEqual([])
  })
  const events = await worker.db.selectFrom('audit_pending').select('action').where('target_id', '=', ids[0]).execute()
  expect(events.map(({ action }) => action)).toContain('attachment.deleted')
})

test('a sent image whose job ended fails in the sweep, and so changes its message; a discarded job once more', async () => {
  const { chat, message, place } = await chatWithMessage()
  const sent = { ...place, message_id: message.id, position: 0 }
  const id = await worker.insert(Buffer.from('x'), sent)
  await worker.db.updateTable('attachments').set({ created_at: twoDaysAgo() }).where('id', '=', id).execute()
  const failedJob = {
    id: newId(),
    queue: 'image',
    name: 'optimize-image',
    payload: JSON.stringify({ attachmentId: id }),
    published_at: new Date(),
    failed_at: twoDaysAgo(),
    error: 'stalled',
  }
  await worker.db.insertInto('outbox').values(failedJob).execute()
  const before = await numbersOf(chat.id, message.id)
  await sweep()
  await eventually(async () => expect((await numbersOf(chat.id, message.id)).message).toBe(before.chat + 1))
  await worker.db.deleteFrom('outbox').where('id', '=', failedJob.id).execute()
  await sweep()
  await eventually(async () => {
    const [row] = await worker.db.selectFrom('attachments').selectAll().where('id', '=', id).execute()
    expect(row).toMatchObject({ status: 'failed', size_bytes: 0 })
  })
  expect(await numbersOf(chat.id, message.id)).toEqual({ chat: before.chat + 2, message: before.chat + 2 })
})
