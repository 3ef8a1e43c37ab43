import { eventually, insertTask, type ManualClock, manualClock } from '@muster/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHarness, type Harness, type User } from '../testing/harness.ts'

let harness: Harness
let owner: User
let clock: ManualClock
beforeEach(async () => {
  harness = await createHarness()
  clock = manualClock(new Date('2026-11-21T12:00:00Z'))
  owner = await insertUser()
})
afterEach(() => harness.close())

const minuteMs = 60_000

async function insertUser(): Promise<User> {
  const [user] = await harness.insertUsers(1, { timezone: 'Europe/Vienna', next_digest_at: null })
  return user as User
}
const fromNow = (minutes: number) => new Date(clock.now().getTime() + minutes * minuteMs)
/** Created a day ago. */
const insertDue = (dueDate: Date, changes: Partial<Parameters<typeof insertTask>[2]> = {}) =>
  insertTask(harness.db, owner, { title: 'Pack', due_date: dueDate, created_at: fromNow(-1_440), ...changes })
const types = async ({ id }: User) => (await harness.notificationsOf(id)).map(({ type }) => type)
const notices = () => harness.db.selectFrom('due_notices').selectAll().orderBy('created_at').execute()

async function advance(minutes: number): Promise<void> {
  clock.advance(minutes * minuteMs)
  await harness.settled(clock)
}

test('owner and assignee get a notice and a mail an hour before the due date, and a notice when overdue', async () => {
  const assignee = await insertUser()
  const task = await insertDue(fromNow(90), { assignee_id: assignee.id, priority: 'high', category: 'Travel' })
  harness.start({ clock, tickMs: 10 })
  await advance(29)
  expect(await notices()).toEqual([])
  await advance(1)
  for (const user of [owner, assignee]) {
    expect(await harness.notificationsOf(user.id)).toMatchObject([
      {
        type: 'upcoming',
        title: 'Due soon: Pack',
        task_id: task.id,
        data: { dueDate: task.due_date?.toISOString(), late: false },
      },
    ])
    const [mail, ...more] = await harness.mailsTo(user.id)
    expect(more).toEqual([])
    expect(mail).toMatchObject({ template: 'reminder', to_address: user.email, expires_at: task.due_date })
    expect(mail?.data).toMatchObject({ kind: 'upcoming', priority: 'high', category: 'Travel', late: false })
    expect(mail?.notification_id).toBe((await harness.notificationsOf(user.id))[0]?.id)
  }
  await advance(59)
  expect(await types(owner)).toEqual(['upcoming'])
  await advance(1)
  for (const user of [owner, assignee]) {
    expect(await types(user)).toEqual(['upcoming', 'overdue'])
    expect(await harness.mailsTo(user.id)).toHaveLength(1)
  }
  await advance(600)
  expect(await notices()).toHaveLength(4)
})

test('a new due date causes both notices again, once each', async () => {
  const task = await insertDue(fromNow(30))
  harness.start({ clock, tickMs: 10 })
  await advance(5)
  await advance(35)
  expect(await types(owner)).toEqual(['upcoming', 'overdue'])
  await harness.db
    .updateTable('tasks')
    .set({ due_date: fromNow(120) })
    .where('id', '=', task.id)
    .execute()
  await advance(59)
  expect(await notices()).toHaveLength(2)
  await advance(1)
  expect(await types(owner)).toEqual(['upcoming', 'overdue', 'upcoming'])
  await advance(60)
  expect(await types(owner)).toEqual(['upcoming', 'overdue', 'upcoming', 'overdue'])
  // Back to a date that had its notices: none is repeated.
  await harness.db.updateTable('tasks').set({ due_date: task.due_date }).where('id', '=', task.id).execute()
  await advance(1)
  expect(await notices()).toHaveLength(4)
})

test('no notice for completed tasks, for tasks due long ago, or before the due date of a new task', async () => {
  await insertDue(fromNow(90), { status: 'completed', completed_at: clock.now() })
  await insertDue(fromNow(20), { created_at: clock.now(), title: 'Just made' })
  await insertDue(fromNow(-25 * 60), { created_at: fromNow(-100 * 60), title: 'Long ago' })
  harness.start({ clock, tickMs: 10 })
  await advance(15)
  expect(await notices()).toEqual([])
  await advance(120)
  expect((await harness.notificationsOf(owner.id)).map(({ title }) => title)).toEqual(['Overdue: Just made'])
})

test.each(['pending', 'sent', 'completed'])(
  'a user with a %s reminder within the hour gets no notice, and the other one does',
  async (status) => {
    const assignee = await insertUser()
    const task = await insertDue(fromNow(90), { assignee_id: assignee.id })
    const reminder = { task_id: task.id, user_id: owner.id, status, handed_at: clock.now() }
    await harness.insertReminder({ ...reminder, scheduled_at: fromNow(45) })
    harness.start({ clock, tickMs: 10 })
    await advance(30)
    expect(await types(owner)).toEqual([])
    expect(await types(assignee)).toEqual(['upcoming'])
  },
)

test('a cancelled reminder, or one outside the hour, does not replace the notice', async () => {
  const task = await insertDue(fromNow(90))
  const reminder = { task_id: task.id, user_id: owner.id, handed_at: clock.now() }
  await harness.insertReminder({ ...reminder, scheduled_at: fromNow(29) })
  await harness.insertReminder({ ...reminder, scheduled_at: fromNow(45), status: 'cancelled' })
  harness.start({ clock, tickMs: 10 })
  await advance(30)
  expect(await types(owner)).toEqual(['upcoming'])
})

test('preferences select notices and channels', async () => {
  const [none, mailOnly, overdueMail, deactivated] = [
    await insertUser(),
    await insertUser(),
    await insertUser(),
    await insertUser(),
  ]
  await harness.prefer(none.id, { hourBefore: false })
  await harness.prefer(mailOnly.id, { notifications: { upcoming: { inApp: false } } })
  await harness.prefer(overdueMail.id, { notifications: { upcoming: { email: false }, overdue: { email: true } } })
  await harness.db.updateTable('users').set({ is_active: false }).where('id', '=', deactivated.id).execute()
  for (const user of [none, mailOnly, overdueMail, deactivated]) await insertDue(fromNow(70), { assignee_id: user.id })
  harness.start({ clock, tickMs: 10 })
  await advance(20)
  const delivered = async (user: User) => ({
    inApp: await types(user),
    mails: (await harness.mailsTo(user.id)).map(({ data }) => (data as { kind: string }).kind),
  })
  expect(await delivered(none)).toEqual({ inApp: [], mails: [] })
  expect(await delivered(mailOnly)).toEqual({ inApp: [], mails: ['upcoming'] })
  expect(await delivered(overdueMail)).toEqual({ inApp: ['upcoming'], mails: [] })
  await advance(55)
  expect(await delivered(none)).toEqual({ inApp: ['overdue'], mails: [] })
  expect(await delivered(overdueMail)).toEqual({ inApp: ['upcoming', 'overdue'], mails: ['overdue'] })
  expect(await delivered(deactivated)).toEqual({ inApp: [], mails: [] })
})

test('after downtime the notice is late until the due date, and is not sent after it', async () => {
  await insertDue(fromNow(10), { title: 'Soon' })
  await insertDue(fromNow(-10), { title: 'Past' })
  harness.start({ clock, tickMs: 10 })
  await advance(0)
  const ledger = (await notices()).map(({ kind, status, failure_reason, late }) => [kind, status, failure_reason, late])
  expect(ledger.sort()).toEqual([
    ['overdue', 'sent', null, true],
    ['upcoming', 'failed', 'missed', true],
    ['upcoming', 'sent', null, true],
  ])
  const [mail] = await harness.mailsTo(owner.id)
  expect(mail?.data).toMatchObject({ taskTitle: 'Soon', late: true, scheduledAt: fromNow(-50).toISOString() })
})

test('several workers, one of them killed, notify each user once', async () => {
  clock.set(new Date())
  const users = await harness.insertUsers(150, { next_digest_at: null })
  for (const user of users) {
    await insertTask(harness.db, user, { due_date: fromNow(50), created_at: fromNow(-1_440) })
  }
  const child = harness.startProcess()
  harness.start({ clock, tickMs: 5 })
  harness.start({ clock, tickMs: 5 })
  await eventually(async () => expect((await notices()).length).toBeGreaterThan(20), {
    timeoutMs: 60_000,
    intervalMs: 2,
  })
  await child.stop('SIGKILL')
  await harness.settled(clock, 60_000)
  expect(await notices()).toHaveLength(150)
  for (const table of ['notifications', 'email_messages'] as const) {
    const rows = await harness.db.selectFrom(table).select('user_id').execute()
    expect([table, rows.length, new Set(rows.map(({ user_id }) => user_id)).size]).toEqual([table, 150, 150])
  }
}, 120_000)
