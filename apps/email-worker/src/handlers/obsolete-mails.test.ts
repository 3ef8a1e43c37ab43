import { newId } from '@muster/db'
import { notify } from '@muster/notifications'
import { inboxSmtpUrl, insertTask, insertUser, mailsTo } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHarness, type Harness } from '../testing/harness.ts'

let harness: Harness

beforeAll(async () => {
  harness = await createHarness()
})
afterAll(() => harness.close())

type Type = 'reminder' | 'general'

/** A mail on its way, no worker being there yet, that says the same as a notification of its person. */
async function waiting(type: Type = 'reminder') {
  const { db } = harness
  const user = await insertUser(db)
  const task = await insertTask(db, user)
  await prefer(user.id, { [type]: { email: true } })
  const now = new Date()
  const words = { title: `Reminder: ${task.title}`, message: 'It is due.', taskId: task.id }
  const notificationId = await harness.transact((tx) => notify(tx, { userId: user.id, type, ...words, now }))
  const to = harness.address()
  const data = { taskId: task.id, taskTitle: task.title, timezone: 'UTC', scheduledAt: now.toISOString() }
  const id = await harness.sendMail({ template: 'reminder', to, userId: user.id, data, notificationId })
  return { id, to, notificationId: notificationId as string, taskId: task.id, userId: user.id }
}

const prefer = (user_id: string, notifications: object) => {
  const row = { user_id, settings: JSON.stringify({ notifications }), updated_at: new Date() }
  return harness.db
    .insertInto('user_preferences')
    .values(row)
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(row))
    .execute()
}
type Waiting = Awaited<ReturnType<typeof waiting>>
const read = ({ notificationId }: Waiting) =>
  harness.db.updateTable('notifications').set({ is_read: true }).where('id', '=', notificationId).execute()
const complete = ({ taskId }: Waiting) =>
  harness.db
    .updateTable('tasks')
    .set({ status: 'completed', completed_at: new Date() })
    .where('id', '=', taskId)
    .execute()

test.each<[string, Type, (mail: Waiting) => Promise<unknown>, RegExp]>([
  ['was read', 'general', read, /was read/],
  [
    'was deleted',
    'general',
    ({ notificationId }) => harness.db.deleteFrom('notifications').where('id', '=', notificationId).execute(),
    /notification was deleted/,
  ],
  ['speaks of a task that is completed', 'reminder', complete, /task is completed/],
  [
    'speaks of a task that is gone',
    'reminder',
    ({ taskId }) => harness.db.deleteFrom('tasks').where('id', '=', taskId).execute(),
    /task was deleted/,
  ],
  [
    'is of a type that the person turned off',
    'reminder',
    ({ userId }) => prefer(userId, { reminder: { email: false } }),
    /turned off such mails/,
  ],
  ['is of a type that is usually off', 'general', ({ userId }) => prefer(userId, {}), /turned off such mails/],
])('a mail whose notification %s before it goes out is dropped, with the reason', async (_what, type, change, why) => {
  const mail = await waiting(type)
  await change(mail)
  const close = harness.startWorker({ smtpUrl: inboxSmtpUrl() })
  const row = await harness.waitForStatus(mail.id, 'dropped')
  expect(row).toMatchObject({ error: expect.stringMatching(why), sent_at: null })
  expect(await harness.countPendingJobs()).toBe(0)
  await close()
  expect(await mailsTo(mail.to)).toEqual([])
})

test('a mail whose notification still stands goes out, and so does one of a completed task that tells of it', async () => {
  const [still, told] = [await waiting(), await waiting('general')]
  await complete(told)
  const close = harness.startWorker({ smtpUrl: inboxSmtpUrl() })
  for (const { id } of [still, told]) await harness.waitForStatus(id, 'sent')
  await close()
})

test('a mail of which nobody was notified asks for no notification', async () => {
  const close = harness.startWorker({ smtpUrl: inboxSmtpUrl() })
  const data = { taskId: newId(), taskTitle: 'Gone', timezone: 'UTC', scheduledAt: new Date().toISOString() }
  const id = await harness.sendMail({ template: 'reminder', to: harness.address(), data })
  await harness.waitForStatus(id, 'sent')
  await close()
})
