import type { Db } from '@muster/db'
import { retentionJobs } from '@muster/jobs/definitions'
import { insertChatFile, insertGroup, insertMessage, insertUser, manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHarness, type Harness, retention } from '../testing/harness.ts'

const dayMs = 86_400_000
const now = new Date('2026-11-21T04:45:00.000Z')
const ago = (days: number) => new Date(now.getTime() - days * dayMs)

let harness: Harness
let db: Db
beforeAll(async () => {
  harness = await createHarness()
  db = harness.db
})
afterAll(() => harness.close())

const sweep = async (messagesMs?: number) => {
  const worker = harness.start({ clock: manualClock(now), retention: { ...retention, messagesMs } })
  await harness.runJob(retentionJobs.chats)
  await worker.close()
}
const chatOf = (id: string) => db.selectFrom('chats').selectAll().where('id', '=', id).executeTakeFirst()
const bodiesOf = async (chatId: string) =>
  (await db.selectFrom('messages').select('body').where('chat_id', '=', chatId).orderBy('seq').execute()).map(
    ({ body }) => body,
  )
const deletedKeys = async () =>
  (await db.selectFrom('outbox').select('payload').where('name', '=', 'delete-files').execute()).flatMap(
    ({ payload }) => (payload as { keys: string[] }).keys,
  )

test('messages older than their retention go with files and reactions, by one change of the chat', async () => {
  const ann = await insertUser(db)
  const chat = await insertGroup(db, [ann])
  const texts = ['a', 'b', 'c', 'd']
  const messages = []
  for (const [index, body] of texts.entries())
    messages.push(await insertMessage(db, chat, ann, { body, created_at: ago(10 - 3 * index) }))
  const [first, , third] = messages as [{ id: string }, unknown, { id: string }]
  const old = await insertChatFile(db, chat, ann, { message_id: first.id })
  const kept = await insertChatFile(db, chat, ann, { message_id: third.id })
  const unsent = await insertChatFile(db, chat, ann)
  const at = { user_id: ann.id, emoji: '👍', created_at: now }
  await db
    .insertInto('message_reactions')
    .values({ message_id: first.id, ...at })
    .execute()
  const report = { id: ann.id, message_id: first.id, chat_id: chat.id, reporter_id: ann.id, reason: 'x' }
  await db
    .insertInto('message_reports')
    .values({ ...report, created_at: now })
    .execute()
  const before = await chatOf(chat.id)

  await sweep(5 * dayMs)

  expect(await bodiesOf(chat.id)).toEqual(['c', 'd'])
  const change = (before?.change ?? 0) + 1
  expect(await chatOf(chat.id)).toMatchObject({ first_seq: 3, own_change: change, change, seq: 4 })
  const files = await db.selectFrom('attachments').select('id').where('chat_id', '=', chat.id).orderBy('id').execute()
  expect(files.map(({ id }) => id)).toEqual([kept.id, unsent.id])
  expect(await deletedKeys()).toEqual(expect.arrayContaining([old.storage_key, old.thumbnail_key]))
  expect(await db.selectFrom('message_reactions').selectAll().execute()).toEqual([])
  expect(await db.selectFrom('message_reports').selectAll().execute()).toEqual([])

  await sweep(5 * dayMs)
  expect(await chatOf(chat.id)).toMatchObject({ change })
})

test('a run that was killed after it hid messages is finished by the next one, without another change', async () => {
  const ann = await insertUser(db)
  const chat = await insertGroup(db, [ann])
  for (const days of [9, 8, 1]) await insertMessage(db, chat, ann, { body: `${days}`, created_at: ago(days) })
  await db.updateTable('chats').set({ first_seq: 3 }).where('id', '=', chat.id).execute()
  const before = await chatOf(chat.id)
  await sweep(5 * dayMs)
  expect(await bodiesOf(chat.id)).toEqual(['1'])
  expect((await chatOf(chat.id))?.change).toBe(before?.change)
})

test('without a retention messages are kept for ever', async () => {
  const ann = await insertUser(db)
  const chat = await insertGroup(db, [ann])
  await insertMessage(db, chat, ann, { body: 'old', created_at: ago(10_000) })
  await sweep()
  expect(await bodiesOf(chat.id)).toEqual(['old'])
})

test('a group goes 30 days after its last member left, with its messages, files and picture', async () => {
  const ann = await insertUser(db)
  const made = { created_at: ago(90) }
  const [empty, left, used] = await Promise.all([1, 2, 3].map(() => insertGroup(db, [ann], made)))
  const message = await insertMessage(db, empty as never, ann)
  const file = await insertChatFile(db, empty as never, ann, { message_id: message.id })
  const avatarKey = `chat-avatars/${empty?.id}/${ann.id}/picture`
  await db
    .updateTable('chats')
    .set({ avatar_key: avatarKey })
    .where('id', '=', empty?.id ?? '')
    .execute()
  for (const [chat, days] of [
    [empty, 31],
    [left, 29],
  ] as const)
    await db
      .updateTable('chat_members')
      .set({ left_at: ago(days), left_change: 10 })
      .where('chat_id', '=', chat?.id ?? '')
      .execute()

  await sweep()

  expect(
    await Promise.all([empty, left, used].map(async (chat) => (await chatOf(chat?.id ?? '')) !== undefined)),
  ).toEqual([false, true, true])
  expect(await deletedKeys()).toEqual(expect.arrayContaining([file.storage_key, avatarKey]))
})
