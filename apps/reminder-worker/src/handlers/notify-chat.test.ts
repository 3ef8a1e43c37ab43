import { notifyChat } from '@muster/jobs/definitions'
import { insertGroup, insertMessage, type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createHarness, type Harness, type User } from '../testing/harness.ts'

let harness: Harness
let clock: ManualClock
let deps: ReturnType<Harness['start']>
let ann: User
let bob: User
let chat: Awaited<ReturnType<typeof insertGroup>>

beforeAll(async () => {
  harness = await createHarness()
  // Ahead of the clock of the queue, so that planned mails wait.
  clock = manualClock(new Date(Date.now() + 3_600_000))
  deps = harness.start({ clock })
})
afterAll(() => harness.close())
beforeEach(async () => {
  clock.advance(3_600_000)
  ann = await named('Ann')
  bob = await named('Bob')
  chat = await insertGroup(harness.db, [ann, bob], { name: 'Garden' })
})

const named = async (name: string) => (await harness.insertUsers(1, { name, next_digest_at: null }))[0] as User
const write = (sender: User, changes: { mentions?: string[]; deleted_at?: Date } = {}) =>
  insertMessage(harness.db, chat, sender, {
    created_at: clock.now(),
    ...changes,
    ...(changes.deleted_at && { body: null }),
  })
const notify = () => harness.run(deps, notifyChat, { chatId: chat.id })
const told = async (user: User) =>
  (await harness.notificationsOf(user.id)).map(({ title, message, is_read }) => [title, message, is_read])
const member = (user: User, changes: object) =>
  harness.db
    .updateTable('chat_members')
    .set(changes)
    .where('chat_id', '=', chat.id)
    .where('user_id', '=', user.id)
    .execute()

test('one open notification per member tells how many messages are unread, and who wrote', async () => {
  await write(ann)
  await notify()
  expect(await told(bob)).toEqual([['1 new message in Garden', 'Ann wrote in Garden.', false]])
  expect(await told(ann)).toEqual([])
  const [first] = await harness.notificationsOf(bob.id)
  expect(first).toMatchObject({
    type: 'chat',
    chat_id: chat.id,
    data: { event: 'chatMessages', count: 1, mentions: 0, lastSeq: 1, userId: null },
    created_at: clock.now(),
  })

  clock.advance(60_000)
  for (const name of ['Cid', 'Dee', 'Eve']) await write(await joined(name))
  await notify()
  expect(await told(bob)).toEqual([['4 new messages in Garden', 'Eve, Dee and 2 others wrote in Garden.', false]])
  expect((await harness.notificationsOf(bob.id))[0]).toMatchObject({ id: first?.id, created_at: clock.now() })
  expect(await told(ann)).toEqual([['3 new messages in Garden', 'Eve, Dee and Cid wrote in Garden.', false]])
})

async function joined(name: string): Promise<User> {
  const user = await named(name)
  const place = { joined_seq: 0, joined_change: 100, change: 100 }
  const row = { chat_id: chat.id, user_id: user.id, role: 'member', ...place }
  await harness.db.insertInto('chat_members').values(row).execute()
  return user
}

test('a direct chat is named by the other user', async () => {
  const [low, high] = [ann, bob].toSorted((one, other) => (one.id < other.id ? -1 : 1)) as [User, User]
  chat = await insertGroup(harness.db, [ann, bob], {
    kind: 'direct',
    name: null,
    user_low_id: low.id,
    user_high_id: high.id,
  })
  await write(ann)
  await write(ann)
  await notify()
  expect(await told(bob)).toEqual([['2 new messages from Ann', 'Ann wrote to you.', false]])
  expect((await harness.notificationsOf(bob.id))[0]?.data).toMatchObject({ userId: ann.id })
  await harness.db
    .insertInto('blocks')
    .values({ blocker_id: bob.id, blocked_id: ann.id, created_at: clock.now() })
    .execute()
  await notify()
  expect(await told(bob)).toEqual([['2 new messages from Ann', 'Ann wrote to you.', true]])
})

test.each<[string, () => Promise<unknown>]>([
  ['has read them', () => member(bob, { read_seq: 1 })],
  ['left', () => member(bob, { left_at: clock.now(), left_change: 50 })],
  ['muted the chat', () => member(bob, { muted_until: new Date(clock.now().getTime() + 1) })],
  ['muted the chat for ever', () => member(bob, { muted_until: 'infinity' })],
  ['turned such notifications off', () => harness.prefer(bob.id, { notifications: { chat: { inApp: false } } })],
  [
    'is deactivated',
    () => harness.db.updateTable('users').set({ is_active: false }).where('id', '=', bob.id).execute(),
  ],
  [
    'blocked the sender',
    () =>
      harness.db
        .insertInto('blocks')
        .values({ blocker_id: bob.id, blocked_id: ann.id, created_at: clock.now() })
        .execute(),
  ],
  ['joined after them', () => member(bob, { joined_seq: 1 })],
])('a member who %s gets no notification of a message', async (_what, change) => {
  await write(ann)
  await change()
  await notify()
  expect(await told(bob)).toEqual([])
})

test('a mention passes a muted chat unless the member mutes mentions there or everywhere', async () => {
  await member(bob, { muted_until: 'infinity' })
  await write(ann)
  await write(ann, { mentions: [bob.id] })
  await notify()
  const mentioned = ['1 new message in Garden', 'Ann wrote in Garden. You are mentioned.', false]
  expect(await told(bob)).toEqual([mentioned])
  for (const mute of [
    () => member(bob, { mutes_mentions: true }),
    () => harness.prefer(bob.id, { mentionsPassMute: false }),
  ]) {
    await member(bob, { mutes_mentions: false })
    await harness.db.deleteFrom('notifications').where('user_id', '=', bob.id).execute()
    await mute()
    await write(ann, { mentions: [bob.id] })
    await notify()
    expect(await told(bob)).toEqual([])
  }
})

test('a notification that was read or deleted comes again for a further message alone', async () => {
  await write(ann)
  await notify()
  await harness.db.updateTable('notifications').set({ is_read: true }).where('user_id', '=', bob.id).execute()
  await notify()
  // Bob writes too: that is no news for him.
  await write(bob)
  await notify()
  expect((await told(bob)).map(([, , isRead]) => isRead)).toEqual([true])
  await write(ann)
  await notify()
  expect((await told(bob)).map(([title, , isRead]) => [title, isRead])).toEqual([
    ['1 new message in Garden', true],
    ['2 new messages in Garden', false],
  ])
})

test('an open notification becomes read when its messages were deleted', async () => {
  const message = await write(ann)
  await notify()
  await harness.db
    .updateTable('messages')
    .set({ deleted_at: clock.now(), body: null })
    .where('id', '=', message.id)
    .execute()
  await notify()
  expect(await told(bob)).toEqual([['1 new message in Garden', 'Ann wrote in Garden.', true]])
})

test('notifications of chats are outside the hourly limit, and more than 99 messages are not counted', async () => {
  const rows = Array.from({ length: 60 }, (_, index) => ({
    id: crypto.randomUUID(),
    user_id: bob.id,
    type: 'general',
    title: `t${index}`,
    message: 'm',
    created_at: clock.now(),
  }))
  await harness.db.insertInto('notifications').values(rows).execute()
  for (let index = 0; index < 101; index++) await write(ann)
  await notify()
  expect((await told(bob)).filter(([, message]) => message !== 'm')).toEqual([
    ['99+ new messages in Garden', 'Ann wrote in Garden.', false],
  ])
})

test('all members of a large group are told, also when several jobs of it run at once', async () => {
  const many = await harness.insertUsers(420, { next_digest_at: null })
  chat = await insertGroup(harness.db, [ann, ...many], { name: 'Large' })
  await write(ann)
  await Promise.all([notify(), notify(), notify()])
  const { rows } = {
    rows: await harness.db.selectFrom('notifications').select('user_id').where('chat_id', '=', chat.id).execute(),
  }
  expect(rows).toHaveLength(420)
  expect(new Set(rows.map(({ user_id }) => user_id)).size).toBe(420)
})

test('the sockets of those who are told are signalled, and nobody else', async () => {
  const signals: { room: string; event: string }[] = []
  deps.publisher.signals.onSent((sent) => signals.push(...sent))
  await write(ann)
  await notify()
  expect(signals).toEqual([{ room: `user:${bob.id}`, event: 'notification' }])
})
