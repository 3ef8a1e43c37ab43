import { mailUnreadMessages, notifyChat } from '@muster/jobs/definitions'
import { renewLeases } from '@muster/presence'
import { insertGroup, insertMessage, type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createHarness, type Harness, type User } from '../testing/harness.ts'

let harness: Harness
let clock: ManualClock
let deps: ReturnType<Harness['start']>
let ann: User
let bob: User
let garden: Chat
type Chat = Awaited<ReturnType<typeof insertGroup>>

const minuteMs = 60_000

beforeAll(async () => {
  harness = await createHarness()
  clock = manualClock()
  deps = harness.start({ clock })
})
afterAll(() => harness.close())
beforeEach(async () => {
  // Noon in Vienna, ahead of the clock of the queue, so that planned jobs wait.
  clock.set(new Date('2031-06-10T10:00:00Z'))
  ann = await named('Ann')
  bob = await named('Bob')
  garden = await insertGroup(harness.db, [ann, bob], { name: 'Garden' })
})

const named = async (name: string) => {
  const [user] = await harness.insertUsers(1, { name, timezone: 'Europe/Vienna', next_digest_at: null })
  return user as User
}
/** A user writes to a chat, and its members are told half a minute later. */
async function write(sender: User, chat: Chat = garden, changes: { mentions?: string[] } = {}): Promise<void> {
  await insertMessage(harness.db, chat, sender, { created_at: clock.now(), ...changes })
  clock.advance(minuteMs / 2)
  await harness.run(deps, notifyChat, { chatId: chat.id })
}
/** Runs the job at its time: the one that is planned for the user is moved up. @returns when it was planned; null without one */
async function runPlanned({ id }: User): Promise<string | null> {
  const { db } = harness
  const row = await db.selectFrom('unread_mails').select('job_at').where('user_id', '=', id).executeTakeFirst()
  if (!row?.job_at) return null
  const planned = (
    await db.selectFrom('outbox').select(['payload', 'run_at']).where('name', '=', 'mail-unread-messages').execute()
  ).filter(
    ({ payload, run_at }) =>
      (payload as { userId: string }).userId === id && run_at?.getTime() === row.job_at?.getTime(),
  )
  expect(planned).toHaveLength(1)
  clock.set(row.job_at)
  await harness.run(deps, mailUnreadMessages, { userId: id })
  return row.job_at.toISOString().slice(11, 19)
}
const member = (user: User, changes: object, chat = garden) =>
  harness.db
    .updateTable('chat_members')
    .set(changes)
    .where('chat_id', '=', chat.id)
    .where('user_id', '=', user.id)
    .execute()
const mails = async (user: User) =>
  (await harness.mailsTo(user.id)).map(({ template, data }) => ({
    template,
    ...(data as { count: number; chats: object[] }),
  }))
const counts = async (user: User) => (await mails(user)).map(({ count }) => count)

test('ten minutes after the oldest unread message one mail tells of all chats, without their texts', async () => {
  const [low, high] = [ann, bob].toSorted((one, other) => (one.id < other.id ? -1 : 1)) as [User, User]
  const pair = { user_low_id: low.id, user_high_id: high.id }
  const direct = await insertGroup(harness.db, [ann, bob], { kind: 'direct', name: null, ...pair })
  await write(ann)
  clock.advance(5 * minuteMs)
  await write(ann, direct)
  await write(ann, direct)
  expect(await runPlanned(bob)).toBe('10:10:00')
  expect(await mails(bob)).toEqual([
    {
      template: 'unread-messages',
      name: 'Bob',
      count: 3,
      chats: [
        { chatId: direct.id, chatName: 'Ann', count: 2, sender: null, others: 0, lastSeq: 2 },
        { chatId: garden.id, chatName: 'Garden', count: 1, sender: 'Ann', others: 0, lastSeq: 1 },
      ],
      more: 0,
    },
  ])
  expect(JSON.stringify(await harness.db.selectFrom('outbox').selectAll().execute())).not.toContain('Test message')
  expect(await mails(ann)).toEqual([])
  // The same messages are mailed once.
  await harness.run(deps, mailUnreadMessages, { userId: bob.id })
  expect(await counts(bob)).toEqual([3])
})

test.each<[string, () => Promise<unknown>]>([
  ['read the messages', () => member(bob, { read_seq: 1 })],
  ['muted the chat', () => member(bob, { muted_until: 'infinity' })],
  ['left', () => member(bob, { left_at: clock.now(), left_change: 50 })],
  ['turned such mails off', () => harness.prefer(bob.id, { notifications: { chat: { email: false } } })],
  [
    'is deactivated',
    () => harness.db.updateTable('users').set({ is_active: false }).where('id', '=', bob.id).execute(),
  ],
  [
    'lost the message to its deletion',
    () =>
      harness.db
        .updateTable('messages')
        .set({ deleted_at: clock.now(), body: null })
        .where('chat_id', '=', garden.id)
        .execute(),
  ],
  ['has a socket', () => renewLeases(deps.redis, 'other-instance', [[bob.id, clock.now().getTime() + 9 * minuteMs]])],
])('a user who %s in the meantime gets no mail, not even later', async (_what, change) => {
  await write(ann)
  await change()
  expect(await runPlanned(bob)).toBe('10:10:00')
  clock.advance(24 * 60 * minuteMs)
  expect(await runPlanned(bob)).toBeNull()
  expect(await mails(bob)).toEqual([])
})

test('a read message does not hasten the mail about a later one', async () => {
  await write(ann)
  clock.advance(6 * minuteMs)
  await member(bob, { read_seq: 1 })
  await write(ann)
  expect(await runPlanned(bob)).toBe('10:10:00')
  expect(await mails(bob)).toEqual([])
  expect(await runPlanned(bob)).toBe('10:16:30')
  expect(await counts(bob)).toEqual([1])
})

test('a user gets one mail an hour at most, about all that came meanwhile', async () => {
  await write(ann)
  expect(await runPlanned(bob)).toBe('10:10:00')
  clock.advance(minuteMs)
  await write(ann)
  await write(ann)
  expect([await runPlanned(bob), await counts(bob)]).toEqual(['10:21:00', [1]])
  expect([await runPlanned(bob), await counts(bob)]).toEqual(['11:10:00', [1, 3]])
  expect(await runPlanned(bob)).toBeNull()
})

test('in quiet hours a mail waits for their end in the zone of the user, and is sent if still unread', async () => {
  const cid = await named('Cid')
  const chat = await insertGroup(harness.db, [ann, bob, cid], { name: 'Night' })
  for (const user of [bob, cid]) await harness.prefer(user.id, { quietHours: { from: '11:30', to: '06:00' } })
  await write(ann, chat)
  expect([await runPlanned(bob), await runPlanned(cid)]).toEqual(['10:10:00', '10:10:00'])
  expect([await mails(bob), await mails(cid)]).toEqual([[], []])
  await member(cid, { read_seq: 1 }, chat)
  expect([await runPlanned(bob), await runPlanned(cid)]).toEqual(['04:00:00', '04:00:00'])
  expect([await counts(bob), await counts(cid)]).toEqual([[1], []])
})

test('of a muted chat, the mail tells about mentions', async () => {
  await member(bob, { muted_until: 'infinity' })
  await write(ann)
  expect(await runPlanned(bob)).toBeNull()
  await write(ann, garden, { mentions: [bob.id] })
  expect(await runPlanned(bob)).toBe('10:10:30')
  expect(await counts(bob)).toEqual([1])
})

test('without Redis, who was seen within five minutes counts as online', async () => {
  await write(ann)
  await harness.db
    .updateTable('users')
    .set({ last_seen_at: new Date('2031-06-10T10:05:01Z') })
    .where('id', '=', bob.id)
    .execute()
  await runPlanned(bob)
  expect(await mails(bob)).toEqual([])
})

test('the mail lists ten chats and the number of the others', async () => {
  for (let index = 0; index < 12; index++) {
    const chat = await insertGroup(harness.db, [ann, bob], { name: `Chat ${index}` })
    await insertMessage(harness.db, chat, ann, { created_at: clock.now() })
  }
  await write(ann)
  await runPlanned(bob)
  const [mail] = await mails(bob)
  expect(mail).toMatchObject({ count: 13, more: 3 })
  expect(mail?.chats).toHaveLength(10)
})
