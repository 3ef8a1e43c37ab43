import { once } from 'node:events'
import { eventually, insertTask, type ManualClock, manualClock } from '@muster/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHarness, type Harness, type Person } from '../testing/harness.ts'

let harness: Harness
let owner: Person
let clock: ManualClock
beforeEach(async () => {
  harness = await createHarness()
  clock = manualClock(new Date('2026-11-21T12:00:00Z'))
  owner = await insertPerson()
})
afterEach(() => harness.close())

const minuteMs = 60_000

async function insertPerson(): Promise<Person> {
  const [person] = await harness.insertPeople(1, { timezone: 'Europe/Vienna', next_digest_at: null })
  return person as Person
}
const fromNow = (minutes: number) => new Date(clock.now().getTime() + minutes * minuteMs)
/** Made a day ago. */
const insertDue = (dueDate: Date, changes: Partial<Parameters<typeof insertTask>[2]> = {}) =>
  insertTask(harness.db, owner, { title: 'Pack', due_date: dueDate, created_at: fromNow(-1_440), ...changes })
const types = async ({ id }: Person) => (await harness.notificationsOf(id)).map(({ type }) => type)
const notices = () => harness.db.selectFrom('due_notices').selectAll().orderBy('created_at').execute()

async function advance(minutes: number): Promise<void> {
  clock.advance(minutes * minuteMs)
  await harness.settled(clock)
}

test('an hour before a task is due its owner and assignee are told, in the app and by mail; when it is overdue, in the app', async () => {
  const assignee = await insertPerson()
  const task = await insertDue(fromNow(90), { assignee_id: assignee.id, priority: 'high', category: 'Travel' })
  harness.start({ clock, tickMs: 10 })
  await advance(29)
  expect(await notices()).toEqual([])
  await advance(1)
  for (const person of [owner, assignee]) {
    expect(await harness.notificationsOf(person.id)).toMatchObject([
      {
        type: 'upcoming',
        title: 'Due soon: Pack',
        task_id: task.id,
        data: { dueDate: task.due_date.toISOString(), late: false },
      },
    ])
    const [mail, ...more] = await harness.mailsTo(person.id)
    expect(more).toEqual([])
    expect(mail).toMatchObject({ template: 'reminder', to_address: person.email, expires_at: task.due_date })
    expect(mail?.data).toMatchObject({ kind: 'upcoming', priority: 'high', category: 'Travel', late: false })
    expect(mail?.notification_id).toBe((await harness.notificationsOf(person.id))[0]?.id)
  }
  await advance(59)
  expect(await types(owner)).toEqual(['upcoming'])
  await advance(1)
  for (const person of [owner, assignee]) {
    expect(await types(person)).toEqual(['upcoming', 'overdue'])
    expect(await harness.mailsTo(person.id)).toHaveLength(1)
  }
  await advance(600)
  expect(await notices()).toHaveLength(4)
})

test('a due date that moves brings both notices again, once each', async () => {
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
  // Back to a date of which they were told: that stays told.
  await harness.db.updateTable('tasks').set({ due_date: task.due_date }).where('id', '=', task.id).execute()
  await advance(1)
  expect(await notices()).toHaveLength(4)
})

test('nobody is told of a completed task, of one made in its last hour that it is due soon, or of what was due long ago', async () => {
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
  'who has a %s reminder in that hour is not told twice, and the others are',
  async (status) => {
    const assignee = await insertPerson()
    const task = await insertDue(fromNow(90), { assignee_id: assignee.id })
    const reminder = { task_id: task.id, user_id: owner.id, status, handed_at: clock.now() }
    await harness.insertReminder({ ...reminder, scheduled_at: fromNow(45) })
    harness.start({ clock, tickMs: 10 })
    await advance(30)
    expect(await types(owner)).toEqual([])
    expect(await types(assignee)).toEqual(['upcoming'])
  },
)

test('a reminder outside that hour, or one that was cancelled, is no reason to say nothing', async () => {
  const task = await insertDue(fromNow(90))
  const reminder = { task_id: task.id, user_id: owner.id, handed_at: clock.now() }
  await harness.insertReminder({ ...reminder, scheduled_at: fromNow(29) })
  await harness.insertReminder({ ...reminder, scheduled_at: fromNow(45), status: 'cancelled' })
  harness.start({ clock, tickMs: 10 })
  await advance(30)
  expect(await types(owner)).toEqual(['upcoming'])
})

test('the preferences decide whether and where', async () => {
  const [none, mailOnly, overdueMail, deactivated] = [
    await insertPerson(),
    await insertPerson(),
    await insertPerson(),
    await insertPerson(),
  ]
  await harness.prefer(none.id, { hourBefore: false })
  await harness.prefer(mailOnly.id, { notifications: { upcoming: { inApp: false } } })
  await harness.prefer(overdueMail.id, { notifications: { upcoming: { email: false }, overdue: { email: true } } })
  await harness.db.updateTable('users').set({ is_active: false }).where('id', '=', deactivated.id).execute()
  for (const person of [none, mailOnly, overdueMail, deactivated])
    await insertDue(fromNow(70), { assignee_id: person.id })
  harness.start({ clock, tickMs: 10 })
  await advance(20)
  const told = async (person: Person) => ({
    inApp: await types(person),
    mails: (await harness.mailsTo(person.id)).map(({ data }) => (data as { kind: string }).kind),
  })
  expect(await told(none)).toEqual({ inApp: [], mails: [] })
  expect(await told(mailOnly)).toEqual({ inApp: [], mails: ['upcoming'] })
  expect(await told(overdueMail)).toEqual({ inApp: ['upcoming'], mails: [] })
  await advance(55)
  expect(await told(none)).toEqual({ inApp: ['overdue'], mails: [] })
  expect(await told(overdueMail)).toEqual({ inApp: ['upcoming', 'overdue'], mails: ['overdue'] })
  expect(await told(deactivated)).toEqual({ inApp: [], mails: [] })
})

test('after downtime the hour before comes late as long as the task is not due, and then not at all', async () => {
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

test('workers side by side, one of them killed: each person is told once', async () => {
  clock.set(new Date())
  const people = await harness.insertPeople(150, { next_digest_at: null })
  for (const person of people) {
    await insertTask(harness.db, person, { due_date: fromNow(50), created_at: fromNow(-1_440) })
  }
  const child = harness.startProcess()
  harness.start({ clock, tickMs: 5 })
  harness.start({ clock, tickMs: 5 })
  await eventually(async () => expect((await notices()).length).toBeGreaterThan(20), {
    timeoutMs: 20_000,
    intervalMs: 2,
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  await harness.settled(clock, 60_000)
  expect(await notices()).toHaveLength(150)
  for (const table of ['notifications', 'email_messages'] as const) {
    const rows = await harness.db.selectFrom(table).select('user_id').execute()
    expect([table, rows.length, new Set(rows.map(({ user_id }) => user_id)).size]).toEqual([table, 150, 150])
  }
}, 120_000)
