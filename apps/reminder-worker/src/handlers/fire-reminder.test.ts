import { newId } from '@muster/db'
import { fireReminder } from '@muster/jobs/definitions'
import { queuePrefix } from '@muster/jobs/queue'
import { createLogger } from '@muster/logger'
import { eventually, insertOrganization, insertTask, isLongForm, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { test as base, expect } from 'vitest'
import { createHarness, type Harness, type User } from '../testing/harness.ts'

const test = base.extend<{ harness: Harness }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the pattern
  harness: async ({}, use) => {
    const harness = await createHarness()
    await use(harness)
    await harness.close()
  },
}).concurrent

const secondsFromNow = (seconds: number) => new Date(Date.now() + seconds * 1_000)
const dayMs = 86_400_000

test('a reminder fires at its time with ledger row, notification, mail and audit event', async ({ harness }) => {
  harness.start()
  const scheduledAt = secondsFromNow(1.5)
  const id = await harness.insertReminder({ scheduled_at: scheduledAt, message: 'The ferns too' })
  await harness.untilReminder(id, { status: 'sent', late: false, failure_reason: null })

  const delivery = await harness.db.selectFrom('reminder_deliveries').selectAll().executeTakeFirstOrThrow()
  expect(delivery).toMatchObject({ reminder_id: id, user_id: harness.userId, scheduled_at: scheduledAt, late: false })
  const delayMs = delivery.created_at.getTime() - scheduledAt.getTime()
  expect(delayMs).toBeGreaterThanOrEqual(0)
  // Late reminders are those of more than a minute.
  expect(delayMs).toBeLessThan(60_000)

  expect(await harness.db.selectFrom('notifications').selectAll().executeTakeFirstOrThrow()).toMatchObject({
    user_id: harness.userId,
    task_id: harness.taskId,
    type: 'reminder',
    title: 'Reminder: Water the plants',
    message: 'The ferns too',
    data: { reminderId: id, scheduledAt: scheduledAt.toISOString(), late: false },
  })
  expect(await harness.db.selectFrom('email_messages').selectAll().executeTakeFirstOrThrow()).toMatchObject({
    template: 'reminder',
    to_address: 'lee@example.org',
    user_id: harness.userId,
    data: { taskTitle: 'Water the plants', message: 'The ferns too', timezone: 'Europe/Vienna', late: false },
  })
  expect(await harness.counts()).toEqual({
    deliveries: 1,
    notifications: 1,
    mails: 1,
    mailJobs: 1,
    audits: 1,
    pending: 0,
  })
})

test('a reminder of a task without a due date is sent and says so; the task is never due', async ({ harness }) => {
  await harness.db
    .updateTable('tasks')
    .set({ due_date: null, upcoming_for: new Date(0) })
    .execute()
  harness.start()
  const id = await harness.insertReminder({ scheduled_at: secondsFromNow(0.2) })
  await harness.untilReminder(id, { status: 'sent', failure_reason: null })
  await harness.settled()
  expect(await harness.notificationsOf(harness.userId)).toMatchObject([
    { type: 'reminder', message: 'You wanted to be reminded of “Water the plants”.', data: { dueDate: null } },
  ])
  expect(await harness.mailsTo(harness.userId)).toMatchObject([{ template: 'reminder', data: { dueDate: null } }])
})

test('a reminder before the due date tells it in the zone of its user; one at the due date says that the task is due', async ({
  harness,
}) => {
  const dueDate = new Date('2031-03-05T17:00:00Z')
  const clock = manualClock(new Date(dueDate.getTime() - 3_600_000))
  await harness.db.updateTable('tasks').set({ due_date: dueDate, upcoming_for: dueDate }).execute()
  const before = await harness.insertReminder({ scheduled_at: clock.now() })
  const then = await harness.insertReminder({ scheduled_at: dueDate })
  harness.start({ clock, tickMs: 10 })
  await harness.untilReminder(before, { status: 'sent' })
  clock.advance(3_600_000)
  await harness.untilReminder(then, { status: 'sent' })
  const told = (await harness.notificationsOf(harness.userId)).filter(({ type }) => type === 'reminder')
  expect(told.map(({ message }) => message).toSorted()).toEqual([
    '“Water the plants” is due on 5 March 2031 at 18:00.',
    '“Water the plants” is due.',
  ])
})

test('the type of a reminder selects mail or notification', async ({ harness }) => {
  harness.start()
  await harness.insertReminder({ scheduled_at: secondsFromNow(-1), type: 'email' })
  await eventually(async () =>
    expect(await harness.counts()).toMatchObject({ deliveries: 1, mails: 1, notifications: 0 }),
  )
  await harness.insertReminder({ scheduled_at: secondsFromNow(-1), type: 'push' })
  await eventually(async () =>
    expect(await harness.counts()).toMatchObject({ deliveries: 2, mails: 1, notifications: 1 }),
  )
})

test('a reminder uses the channels that both its type and the preferences allow', async ({ harness }) => {
  await harness.prefer(harness.userId, { notifications: { reminder: { email: false } } })
  harness.start()
  await harness.untilReminder(await harness.insertReminder({ scheduled_at: secondsFromNow(-1) }), { status: 'sent' })
  expect(await harness.counts()).toMatchObject({ deliveries: 1, mails: 0, notifications: 1 })
  const turnedOff = { status: 'failed', failure_reason: 'turned off in preferences' }
  await harness.untilReminder(
    await harness.insertReminder({ scheduled_at: secondsFromNow(-1), type: 'email' }),
    turnedOff,
  )

  await harness.prefer(harness.userId, { notifications: { reminder: { inApp: false } } })
  await harness.untilReminder(await harness.insertReminder({ scheduled_at: secondsFromNow(-1), message: 'Two' }), {
    status: 'sent',
  })
  expect(await harness.counts()).toMatchObject({ deliveries: 2, mails: 1, notifications: 1 })

  await harness.prefer(harness.userId, { notifications: { reminder: { inApp: false, email: false } } })
  await harness.untilReminder(await harness.insertReminder({ scheduled_at: secondsFromNow(-1) }), turnedOff)
  expect(await harness.counts()).toMatchObject({ deliveries: 2, mails: 1, notifications: 1, audits: 4 })
})

test('a reminder less than a day late is sent as late, an older one fails as missed', async ({ harness }) => {
  const clock = manualClock()
  const now = clock.now().getTime()
  const onTime = await harness.insertReminder({ scheduled_at: new Date(now - 30_000) })
  const late = await harness.insertReminder({ scheduled_at: new Date(now - dayMs) })
  const missed = await harness.insertReminder({ scheduled_at: new Date(now - dayMs - 1) })
  harness.start({ clock })
  await harness.untilReminder(onTime, { status: 'sent', late: false })
  await harness.untilReminder(late, { status: 'sent', late: true })
  await harness.untilReminder(missed, { status: 'failed', failure_reason: 'missed' })
  expect(await harness.counts()).toMatchObject({ deliveries: 2, mails: 2, audits: 3 })
  const mails = await harness.db.selectFrom('email_messages').select('data').execute()
  expect(mails.map(({ data }) => data)).toContainEqual(
    expect.objectContaining({ late: true, scheduledAt: new Date(now - dayMs).toISOString() }),
  )
})

test('a reminder of a task that its user cannot see is cancelled silently', async ({ harness }) => {
  const { id: organization_id } = await insertOrganization(harness.db)
  const [admin] = await harness.insertUsers(1, { organization_id, role: 'client_admin' })
  const [owner, assignee, other] = await harness.insertUsers(3, { organization_id, role: 'client_user' })
  const { id: elsewhere } = await insertOrganization(harness.db)
  const [stranger] = await harness.insertUsers(1, { organization_id: elsewhere })
  const task = await insertTask(harness.db, owner as User, {
    assignee_id: assignee?.id ?? null,
    due_date: secondsFromNow(60),
  })
  const remind = (user: User | undefined) =>
    harness.insertReminder({ user_id: user?.id as string, task_id: task.id, scheduled_at: secondsFromNow(-1) })
  const visible = await Promise.all([admin, owner, assignee].map(remind))
  const hidden = await Promise.all([other, stranger].map(remind))
  harness.start()
  for (const id of visible) await harness.untilReminder(id, { status: 'sent' })
  for (const id of hidden) await harness.untilReminder(id, { status: 'cancelled', failure_reason: null })
  expect(await harness.counts()).toMatchObject({ deliveries: 3, mails: 3, notifications: 3 })
})

test('a reminder is not sent before its time', async ({ harness }) => {
  const clock = manualClock()
  const id = await harness.insertReminder({ scheduled_at: new Date(clock.now().getTime() + dayMs) })
  const soon = await harness.insertReminder({ scheduled_at: new Date(clock.now().getTime() + 1_000) })
  harness.start({ clock, tickMs: 10 })
  clock.advance(1_000)
  await harness.untilReminder(soon, { status: 'sent' })
  expect(await harness.reminder(id)).toMatchObject({ status: 'pending', handed_at: null })
  clock.advance(dayMs)
  await harness.untilReminder(id, { status: 'sent', late: false })
})

test('several workers deliver each reminder once', async ({ harness }) => {
  const count = isLongForm ? 200 : 60
  for (let index = 0; index < 3; index++) harness.start({ tickMs: 10 })
  await insertDueReminders(harness, count)
  await eventually(
    async () =>
      expect(await harness.counts()).toEqual({
        deliveries: count,
        notifications: count,
        mails: count,
        mailJobs: count,
        audits: count,
        pending: 0,
      }),
    { timeoutMs: 60_000 },
  )
})

test('several jobs for one scheduled time make one delivery and one mail', async ({ harness }) => {
  const scheduledAt = secondsFromNow(-1)
  const id = await harness.insertReminder({ scheduled_at: scheduledAt })
  const { transact } = harness.start()
  await transact(async ({ enqueue }) => {
    for (let index = 0; index < 5; index++) {
      enqueue(fireReminder, { reminderId: id, scheduledAt: scheduledAt.toISOString() })
    }
  })
  await eventually(async () => expect(await harness.counts()).toMatchObject({ pending: 0, deliveries: 1 }))
  expect(await harness.counts()).toMatchObject({ deliveries: 1, mails: 1, notifications: 1 })
})

test('a scheduled time with a ledger row is not delivered again', async ({ harness }) => {
  const scheduledAt = secondsFromNow(-1)
  const id = await harness.insertReminder({ scheduled_at: scheduledAt })
  await harness.db
    .insertInto('reminder_deliveries')
    .values({
      id: newId(),
      reminder_id: id,
      user_id: harness.userId,
      scheduled_at: scheduledAt,
      late: false,
      created_at: new Date(),
    })
    .execute()
  harness.start()
  await harness.untilReminder(id, { status: 'sent' })
  expect(await harness.counts()).toMatchObject({ deliveries: 1, mails: 0, notifications: 0 })
})

test('a reminder that was rescheduled, ended or deleted after its claim is not sent', async ({ harness }) => {
  const { transact } = harness.start({ tickMs: 60_000 })
  const handedAt = { handed_at: new Date() }
  const moved = await harness.insertReminder({ scheduled_at: secondsFromNow(3_600), ...handedAt })
  const cancelled = await harness.insertReminder({ scheduled_at: secondsFromNow(-1), status: 'cancelled', ...handedAt })
  await transact(async ({ enqueue }) => {
    for (const reminderId of [moved, cancelled, newId()]) {
      enqueue(fireReminder, { reminderId, scheduledAt: secondsFromNow(-1).toISOString() })
    }
  })
  await eventually(async () => expect(await harness.counts()).toMatchObject({ pending: 0 }))
  expect(await harness.counts()).toMatchObject({ deliveries: 0, mails: 0, notifications: 0 })
  expect(await harness.reminder(moved)).toMatchObject({ status: 'pending' })
  expect(await harness.reminder(cancelled)).toMatchObject({ status: 'cancelled' })
})

test('no reminder is sent for a completed task or to an inactive user', async ({ harness }) => {
  const id = await harness.insertReminder({ scheduled_at: secondsFromNow(-1) })
  const completedAt = secondsFromNow(-60)
  await harness.db.updateTable('tasks').set({ status: 'completed', completed_at: completedAt }).execute()
  harness.start()
  await harness.untilReminder(id, { status: 'completed', completed_at: completedAt })

  await harness.db.updateTable('tasks').set({ status: 'todo', completed_at: null }).execute()
  await harness.db.updateTable('users').set({ is_active: false }).execute()
  const second = await harness.insertReminder({ scheduled_at: secondsFromNow(-1) })
  await harness.untilReminder(second, { status: 'failed', failure_reason: 'account inactive' })

  await harness.db.updateTable('users').set({ is_active: true, deletion_requested_at: new Date() }).execute()
  const third = await harness.insertReminder({ scheduled_at: secondsFromNow(-1) })
  await harness.untilReminder(third, { status: 'failed', failure_reason: 'account inactive' })
  expect(await harness.counts()).toMatchObject({ deliveries: 0, mails: 0, notifications: 0 })
})

test('a malformed payload fails with its reason and delays no other reminder', async ({ harness }) => {
  harness.start()
  const poisonId = newId()
  await harness.db
    .insertInto('outbox')
    .values({ id: poisonId, queue: 'reminder', name: 'fire-reminder', payload: JSON.stringify({ reminderId: 7 }) })
    .execute()
  const id = await harness.insertReminder({ scheduled_at: secondsFromNow(-1) })
  await harness.untilReminder(id, { status: 'sent' })
  await eventually(async () => {
    const row = await harness.db.selectFrom('outbox').selectAll().where('id', '=', poisonId).executeTakeFirstOrThrow()
    expect(row.failed_at).not.toBeNull()
    expect(row.error).toContain('reminderId')
  })
  const failedJobs = `${queuePrefix('reminder')}:reminder:failed`
  await eventually(async () => expect(await harness.redis.client.zscore(failedJobs, poisonId)).not.toBeNull())
})

test('a reminder fails after its attempts, and a retry of its job delivers it once', async ({ harness }) => {
  await sql`alter table reminder_deliveries add constraint refuse_all check (late is null)`.execute(harness.db)
  harness.start()
  const id = await harness.insertReminder({ scheduled_at: secondsFromNow(-1) })
  await eventually(
    async () => expect(await harness.reminder(id)).toMatchObject({ status: 'failed', failure_reason: 'error' }),
    {
      timeoutMs: 45_000,
    },
  )
  await eventually(async () =>
    expect(await harness.db.selectFrom('outbox').select('error').executeTakeFirst()).toMatchObject({
      error: expect.stringContaining('refuse_all'),
    }),
  )

  await sql`alter table reminder_deliveries drop constraint refuse_all`.execute(harness.db)
  // The API does the same when an operator retries a failed job.
  const { name, payload } = await harness.db.deleteFrom('outbox').returningAll().executeTakeFirstOrThrow()
  const again = { id: newId(), queue: 'reminder', name, payload: JSON.stringify(payload) }
  await harness.db.insertInto('outbox').values(again).execute()
  await harness.untilReminder(id, { status: 'sent', failure_reason: null })
  expect(await harness.counts()).toMatchObject({ pending: 0, deliveries: 1 })
}, 60_000)

test('of reminders due at one moment, one that Postgres refuses fails alone', async ({ harness }) => {
  const scheduled_at = secondsFromNow(-1)
  const sent = await Promise.all(Array.from({ length: 20 }, () => harness.insertReminder({ scheduled_at })))
  const refused = await harness.insertReminder({ scheduled_at })
  await sql`alter table reminder_deliveries add constraint refuse_one check (reminder_id <> ${sql.lit(refused)})`.execute(
    harness.db,
  )
  harness.start()
  for (const id of sent) await harness.untilReminder(id, { status: 'sent' })
  expect(await harness.reminder(refused)).toMatchObject({ status: 'pending' })
  expect(await harness.counts()).toMatchObject({ deliveries: 20, mails: 20, audits: 20, pending: 1 })
})

test('of reminders due at one moment, one whose task is locked delays no other', async ({ harness }) => {
  const locked = await insertTask(harness.db, harness.user, { due_date: secondsFromNow(60) })
  const scheduled_at = secondsFromNow(-1)
  const waiting = await harness.insertReminder({ scheduled_at, task_id: locked.id })
  const others = await Promise.all(Array.from({ length: 20 }, () => harness.insertReminder({ scheduled_at })))
  await harness.db.transaction().execute(async (trx) => {
    await trx.selectFrom('tasks').select('id').where('id', '=', locked.id).forUpdate().execute()
    harness.start()
    for (const id of others) await harness.untilReminder(id, { status: 'sent' })
    expect(await harness.reminder(waiting)).toMatchObject({ status: 'pending' })
  })
  await harness.untilReminder(waiting, { status: 'sent' })
  expect(await harness.counts()).toMatchObject({ deliveries: 21, mails: 21, audits: 21, pending: 0 })
})

test('without Redis due reminders are claimed to the outbox, and fire when Redis is back', async ({
  harness,
  onTestFinished,
}) => {
  const id = await harness.insertReminder({ scheduled_at: secondsFromNow(-1) })
  const child = harness.startProcess('redis://127.0.0.1:1', { onTestFinished })
  await eventually(async () => expect(await harness.counts()).toMatchObject({ pending: 1, deliveries: 0 }), {
    timeoutMs: 60_000,
  })
  await child.stop('SIGKILL')
  harness.start()
  await harness.untilReminder(id, { status: 'sent' })
})

test('a poll that fails repeatedly is logged once, and once when it recovers', async ({ harness }) => {
  const lines: Record<string, unknown>[] = []
  const log = createLogger({
    name: 'reminder-test',
    level: 'info',
    destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
  })
  const logged = () => lines.filter(({ component }) => component === 'due-poll')
  harness.start({ log })

  await sql`alter table reminders rename to reminders_away`.execute(harness.db)
  await eventually(() => expect(logged()).toHaveLength(1))
  // The duration of ten polls.
  await sql`select pg_sleep(0.5)`.execute(harness.db)
  await sql`alter table reminders_away rename to reminders`.execute(harness.db)
  await eventually(() => expect(logged().at(-1)).toMatchObject({ msg: 'due poll recovered' }))

  await harness.insertReminder({ scheduled_at: secondsFromNow(-1) })
  await sql`alter table outbox rename to outbox_away`.execute(harness.db)
  await eventually(() => expect(logged()).toHaveLength(3))
  await sql`select pg_sleep(0.5)`.execute(harness.db)
  await sql`alter table outbox_away rename to outbox`.execute(harness.db)
  await eventually(() => expect(logged()).toHaveLength(4))
  expect(logged().map(({ claims, reason, msg }) => [claims, reason, msg])).toEqual([
    ['all', '42P01', 'due poll failed, retrying with each tick'],
    ['all', '42P01', 'due poll recovered'],
    ['reminders', '42P01', 'due poll failed, retrying with each tick'],
    ['reminders', '42P01', 'due poll recovered'],
  ])
})

test('a worker killed at any moment loses and repeats no reminder', async ({ harness, onTestFinished }) => {
  const { count, kills } = isLongForm ? { count: 300, kills: [1, 100] } : { count: 100, kills: [20] }
  await insertDueReminders(harness, count)
  for (const atLeast of kills) {
    const child = harness.startProcess(undefined, { onTestFinished })
    await eventually(async () => expect((await harness.counts())?.deliveries).toBeGreaterThanOrEqual(atLeast), {
      timeoutMs: 60_000,
      intervalMs: 2,
    })
    await child.stop('SIGKILL')
  }
  harness.start()
  // The jobs of the killed worker are processed again when its locks have expired.
  await eventually(async () => expect(await harness.counts()).toMatchObject({ deliveries: count, pending: 0 }), {
    timeoutMs: 60_000,
  })
  expect(await harness.counts()).toEqual({
    deliveries: count,
    notifications: count,
    mails: count,
    mailJobs: count,
    audits: count,
    pending: 0,
  })
}, 180_000)

/** Inserts a due reminder for each of so many users. */
async function insertDueReminders(harness: Harness, count: number): Promise<void> {
  for (const { id } of await harness.insertUsers(count)) {
    await harness.insertReminder({ scheduled_at: secondsFromNow(-1), user_id: id })
  }
}
