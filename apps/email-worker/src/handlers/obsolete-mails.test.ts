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

/** Inserts a queued mail and the notification that it belongs to; no worker runs yet. */
async function insertQueued(type: Type = 'reminder') {
  const { db } = harness
  const user = await insertUser(db)
  const task = await insertTask(db, user)
  await prefer(user.id, { [type]: { email: true } })
  const now = new Date()
  const content = { title: `Reminder: ${task.title}`, message: 'It is due.', taskId: task.id }
  const notificationId = await harness.transact((tx) => notify(tx, { userId: user.id, type, ...content, now }))
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
type QueuedMail = Awaited<ReturnType<typeof insertQueued>>
const read = ({ notificationId }: QueuedMail) =>
  harness.db.updateTable('notifications').set({ is_read: true }).where('id', '=', notificationId).execute()
const complete = ({ taskId }: QueuedMail) =>
  harness.db
    .updateTable('tasks')
    .set({ status: 'completed', completed_at: new Date() })
    .where('id', '=', taskId)
    .execute()

test.each<[string, Type, (mail: QueuedMail) => Promise<unknown>, RegExp]>([
  ['was read', 'general', read, /was read/],
  [
    'was deleted',
    'general',
    ({ notificationId }) => harness.db.deleteFrom('notifications').where('id', '=', notificationId).execute(),
    /notification was deleted/,
  ],
  ['is about a task that was completed', 'reminder', complete, /task is completed/],
  [
    'is about a task that was deleted',
    'reminder',
    ({ taskId }) => harness.db.deleteFrom('tasks').where('id', '=', taskId).execute(),
    /task was deleted/,
  ],
  [
    'is of a type that the recipient turned off',
    'reminder',
    ({ userId }) => prefer(userId, { reminder: { email: false } }),
    /turned off such mails/,
  ],
  ['is of a type that is off by default', 'general', ({ userId }) => prefer(userId, {}), /turned off such mails/],
])('a mail whose notification %s before it is sent is dropped with the reason', async (_what, type, change, why) => {
  const mail = await insertQueued(type)
  await change(mail)
  const close = harness.startWorker({ smtpUrl: inboxSmtpUrl() })
  const row = await harness.waitForStatus(mail.id, 'dropped')
  expect(row).toMatchObject({ error: expect.stringMatching(why), sent_at: null })
  expect(await harness.countPendingJobs()).toBe(0)
  await close()
  expect(await mailsTo(mail.to)).toEqual([])
})

test('a mail with an unread notification is sent, also one about the completion of its task', async () => {
  const [unread, completion] = [await insertQueued(), await insertQueued('general')]
  await complete(completion)
  const close = harness.startWorker({ smtpUrl: inboxSmtpUrl() })
  for (const { id } of [unread, completion]) await harness.waitForStatus(id, 'sent')
  await close()
})

test('a mail without a notification is sent', async () => {
  const close = harness.startWorker({ smtpUrl: inboxSmtpUrl() })
  const data = { taskId: newId(), taskTitle: 'Gone', timezone: 'UTC', scheduledAt: new Date().toISOString() }
  const id = await harness.sendMail({ template: 'reminder', to: harness.address(), data })
  await harness.waitForStatus(id, 'sent')
  await close()
})

test.each([
  ['assigned', 'dropped'],
  ['due-date', 'dropped'],
  ['no-due-date', 'dropped'],
  ['unassigned', 'sent'],
  ['deleted', 'sent'],
] as const)('a mail of kind %s about a task that was given to another user is %s', async (kind, status) => {
  const { db } = harness
  const owner = await insertUser(db)
  const [before, after] = [
    await insertUser(db, { organization_id: owner.organization_id }),
    await insertUser(db, { organization_id: owner.organization_id }),
  ]
  const task = await insertTask(db, owner, { assignee_id: before.id })
  const to = harness.address()
  const data = {
    name: 'Ada',
    kind,
    taskId: task.id,
    taskTitle: task.title,
    dueDate: null,
    changedBy: null,
    timezone: 'UTC',
  }
  const id = await harness.sendMail({ template: 'task-assignment', to, userId: before.id, data })
  await db.updateTable('tasks').set({ assignee_id: after.id }).where('id', '=', task.id).execute()
  const close = harness.startWorker({ smtpUrl: inboxSmtpUrl() })
  const row = await harness.waitForStatus(id, status)
  expect(row.error).toEqual(status === 'dropped' ? expect.stringMatching(/no longer assigned/) : null)
  await close()
})

test('a mail about a task that is still assigned to the recipient is sent', async () => {
  const { db } = harness
  const owner = await insertUser(db)
  const assignee = await insertUser(db, { organization_id: owner.organization_id })
  const task = await insertTask(db, owner, { assignee_id: assignee.id })
  const facts = { kind: 'assigned' as const, taskId: task.id, taskTitle: task.title, dueDate: null, changedBy: 'Olga' }
  const data = { name: 'Ada', ...facts, timezone: 'UTC' }
  const id = await harness.sendMail({ template: 'task-assignment', to: harness.address(), userId: assignee.id, data })
  const close = harness.startWorker({ smtpUrl: inboxSmtpUrl() })
  await harness.waitForStatus(id, 'sent')
  await close()
})
