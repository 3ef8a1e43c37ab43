import { newId } from '@muster/db'
import { sendEmail } from '@muster/jobs/definitions'
import type { TemplateData } from '@muster/mail'
import { eventually, insertGroup, insertMessage, insertUser, manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHarness, type Harness } from '../testing/harness.ts'
import { type SmtpPeer, startSmtpPeer } from '../testing/smtp-peer.ts'

let harness: Harness
let peer: SmtpPeer
// 23:30 in Vienna. The queue runs by the clock of the system, so jobs that wait for the morning are run by hand.
const clock = manualClock(new Date('2031-06-10T21:30:00Z'))

beforeAll(async () => {
  ;[harness, peer] = await Promise.all([createHarness(), startSmtpPeer()])
  harness.startWorker({ smtpUrl: peer.url, clock })
})
afterAll(async () => {
  await harness.close()
  await peer.close()
})

async function insertRecipient(quietHours: { from: string; to: string } | null) {
  const user = await insertUser(harness.db, { timezone: 'Europe/Vienna' })
  await prefer(user.id, { quietHours })
  return user
}
const prefer = (user_id: string, settings: object) => {
  const row = { user_id, settings: JSON.stringify(settings), updated_at: new Date() }
  return harness.db
    .insertInto('user_preferences')
    .values(row)
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(row))
    .execute()
}
const night = { from: '22:00', to: '07:00' }
const task = { taskId: newId(), taskTitle: 'Pack', timezone: 'Europe/Vienna' }
const completed = { name: 'Ada', ...task, completedAt: '2031-06-10T21:00:00Z', completedBy: 'Cy' }
const reminder = { ...task, scheduledAt: '2031-06-10T21:00:00Z' }

const sendCompleted = (to: string, userId: string) =>
  harness.sendMail({ template: 'task-completed', to, userId, data: completed })

/** Waits until the worker holds the mail back. */
const untilHeld = (id: string) =>
  eventually(async () => {
    const { next_attempt_at, attempts, status } = await harness.mailRow(id)
    expect({ status, attempts, until: next_attempt_at?.toISOString() }).toEqual({
      status: 'queued',
      attempts: 0,
      until: '2031-06-11T05:00:00.000Z',
    })
  })

test('in quiet hours mails about tasks wait for the end; reminders and security alerts do not', async () => {
  const user = await insertRecipient(night)
  const held = await sendCompleted(user.email, user.id)
  const passing = [
    await harness.sendMail({ template: 'reminder', to: user.email, userId: user.id, data: reminder }),
    await harness.sendMail({
      template: 'password-changed',
      to: user.email,
      userId: user.id,
      data: { name: 'Ada', timezone: 'UTC', at: '2031-06-10T21:00:00Z', device: null, ip: null, how: 'changed' },
    }),
    await sendCompleted(user.email, (await insertRecipient(null)).id),
    await sendCompleted(user.email, (await insertRecipient({ from: '07:00', to: '22:00' })).id),
  ]
  for (const id of passing) await harness.waitForStatus(id, 'sent')
  await untilHeld(held)

  const now = clock.now()
  clock.set(new Date('2031-06-11T05:00:00Z'))
  await harness.transact(async ({ enqueue }) => enqueue(sendEmail, { emailId: held }))
  await harness.waitForStatus(held, 'sent')
  clock.set(now)
})

async function insertUnread() {
  const [ann, bob] = [await insertUser(harness.db), await insertRecipient(null)]
  const chat = await insertGroup(harness.db, [ann, bob], { name: 'Garden' })
  const { seq } = await insertMessage(harness.db, chat, ann)
  const told = { chatId: chat.id, chatName: 'Garden', count: 1, sender: 'Ann', others: 0, lastSeq: seq }
  const data: TemplateData<'unread-messages'> = { name: 'Bob', count: 1, chats: [told], more: 0 }
  const member = (values: object) =>
    harness.db.updateTable('chat_members').set(values).where('user_id', '=', bob.id).execute()
  return { user: bob, chat, data, member }
}
type Unread = Awaited<ReturnType<typeof insertUnread>>

test.each<[string, (unread: Unread) => Promise<unknown>]>([
  ['were read', ({ member }) => member({ read_seq: 1 })],
  ['were muted', ({ member }) => member({ muted_until: 'infinity' })],
  ['are in a chat that the recipient left', ({ member }) => member({ left_at: new Date(), left_change: 50 })],
  [
    'were deleted',
    ({ chat }) =>
      harness.db
        .updateTable('messages')
        .set({ deleted_at: new Date(), body: null })
        .where('chat_id', '=', chat.id)
        .execute(),
  ],
  ['are mailed no more', ({ user }) => prefer(user.id, { notifications: { chat: { email: false } } })],
])('a mail about unread messages that %s before it is sent is dropped', async (_what, change) => {
  const unread = await insertUnread()
  await change(unread)
  const { user, data } = unread
  const id = await harness.sendMail({ template: 'unread-messages', to: user.email, userId: user.id, data })
  expect(await harness.waitForStatus(id, 'dropped')).toMatchObject({
    error: expect.stringMatching(/were read|turned off/),
  })
})

test('a mail about unread messages is sent with a link that turns such mails off', async () => {
  const { user, data } = await insertUnread()
  const id = await harness.sendMail({ template: 'unread-messages', to: user.email, userId: user.id, data })
  await harness.waitForStatus(id, 'sent')
  const { raw, subject } = peer.received.find(({ to }) => to === user.email) ?? { raw: '', subject: '' }
  expect(subject).toBe('1 unread message')
  expect(raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click/m)
})
