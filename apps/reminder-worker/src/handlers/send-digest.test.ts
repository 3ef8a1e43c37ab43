import { sendDigest } from '@muster/jobs/definitions'
import { eventually, insertTask, isLongForm, type ManualClock, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHarness, type Harness, type User } from '../testing/harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness.close())

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** 04:30 in Vienna, on a Saturday. */
const beforeFive = new Date('2026-11-21T03:30:00Z')
const five = new Date('2026-11-21T04:00:00Z')

type Changes = Parameters<Harness['insertUsers']>[1]

/** Inserts a user in Vienna with a planned digest. */
async function insertRecipient(changes: Changes = {}): Promise<User> {
  const [user] = await harness.insertUsers(1, { timezone: 'Europe/Vienna', next_digest_at: five, ...changes })
  return user as User
}
const due = (owner: User, title: string, dueDate: string, changes = {}) =>
  insertTask(harness.db, owner, {
    title,
    due_date: new Date(dueDate),
    created_at: new Date('2026-11-01T00:00:00Z'),
    ...changes,
  })
/** Inserts a task that is due at noon for each of so many days. */
async function insertDaily(user: User, from: Date, days: number): Promise<void> {
  for (let day = 0; day < days; day++)
    await due(user, `Day ${day}`, new Date(from.getTime() + day * dayMs).toISOString())
}

/** Sets the clock and waits until no work is due. */
async function at(clock: ManualClock, time: Date | string): Promise<void> {
  clock.set(new Date(time))
  await harness.settled(clock)
}
const nextDigestAt = async ({ id }: User) =>
  (await harness.db.selectFrom('users').select('next_digest_at').where('id', '=', id).executeTakeFirstOrThrow())
    .next_digest_at
const digestMails = async ({ id }: User) =>
  (await harness.mailsTo(id)).filter(({ template }) => template === 'morning-digest')
const change = (user: User, changes: object) =>
  harness.db.updateTable('users').set(changes).where('id', '=', user.id).execute()

test('the digest lists tasks due on the local date and overdue ones, of owner and assignee', async () => {
  const clock = manualClock(beforeFive)
  const recipient = await insertRecipient({ name: 'Lee' })
  const other = await insertRecipient({ next_digest_at: null })
  await due(recipient, 'In the last minute of the day', '2026-11-21T22:59:00Z', { priority: 'high', category: 'Home' })
  await due(other, 'Assigned to the recipient', '2026-11-21T09:00:00Z', { assignee_id: recipient.id })
  await due(recipient, 'Since yesterday', '2026-11-20T12:00:00Z', { upcoming_for: new Date('2026-11-20T12:00:00Z') })
  await due(recipient, 'Tomorrow', '2026-11-21T23:00:00Z')
  await due(recipient, 'Done', '2026-11-21T10:00:00Z', { status: 'completed', completed_at: beforeFive })
  await due(other, 'Not theirs', '2026-11-21T10:00:00Z')
  harness.start({ clock, tickMs: 10 })
  await at(clock, new Date(five.getTime() - 1))
  expect(await digestMails(recipient)).toEqual([])

  await at(clock, five)
  const [mail, ...more] = await digestMails(recipient)
  expect(more).toEqual([])
  expect(mail).toMatchObject({ to_address: recipient.email, expires_at: new Date('2026-11-21T23:00:00Z') })
  const titles = (tasks: unknown) => (tasks as { taskTitle: string }[]).map(({ taskTitle }) => taskTitle)
  const data = mail?.data as Record<string, unknown>
  expect(titles(data.due)).toEqual(['Assigned to the recipient', 'In the last minute of the day'])
  expect(titles(data.overdue)).toEqual(['Since yesterday'])
  expect(data).toMatchObject({
    name: 'Lee',
    localDate: '2026-11-21',
    timezone: 'Europe/Vienna',
    late: false,
    dueCount: 2,
    overdueCount: 1,
    due: [
      { priority: 'medium', category: null },
      { priority: 'high', category: 'Home' },
    ],
  })
  expect(await harness.digests(recipient.id)).toEqual([{ date: '2026-11-21', status: 'sent', late: false }])
  expect(await nextDigestAt(recipient)).toEqual(new Date('2026-11-22T04:00:00Z'))
})

test('a long list is cut, and the mail states the number of further tasks', async () => {
  const clock = manualClock(five)
  const recipient = await insertRecipient()
  for (let index = 0; index < 30; index++) await due(recipient, `Task ${index}`, '2026-11-21T12:00:00Z')
  harness.start({ clock, tickMs: 10 })
  await at(clock, five)
  const [mail] = await digestMails(recipient)
  const due25 = Array.from({ length: 25 }, () => expect.anything())
  expect(mail?.data).toMatchObject({ due: due25, dueCount: 30, dueMore: 5, overdue: [], overdueCount: 0 })
})

test('no digest without due tasks, when turned off, and for inactive users', async () => {
  const clock = manualClock(five)
  const free = await insertRecipient()
  await due(free, 'Tomorrow', '2026-11-22T12:00:00Z')
  const [off, inactive, leaving] = [
    await insertRecipient(),
    await insertRecipient({ is_active: false }),
    await insertRecipient({ deletion_requested_at: beforeFive }),
  ]
  await harness.prefer(off.id, { morningDigest: false })
  for (const user of [off, inactive, leaving]) await due(user, 'Today', '2026-11-21T12:00:00Z')
  harness.start({ clock, tickMs: 10 })
  await at(clock, five)
  expect(await harness.db.selectFrom('digest_deliveries').selectAll().execute()).toEqual([])
  expect(await nextDigestAt(free)).toEqual(new Date('2026-11-22T04:00:00Z'))
  for (const user of [off, inactive, leaving]) expect(await nextDigestAt(user)).toBeNull()

  // A user who turns it on again after that hour gets the next one tomorrow.
  await harness.prefer(off.id, {})
  clock.advance(hourMs)
  await change(off, { next_digest_at: clock.now() })
  await harness.settled(clock)
  expect(await nextDigestAt(off)).toEqual(new Date('2026-11-22T04:00:00Z'))
  expect(await digestMails(off)).toEqual([])
})

test('several workers send each user one digest', async () => {
  const count = isLongForm ? 100 : 40
  const clock = manualClock(five)
  const recipients = await harness.insertUsers(count, { timezone: 'Europe/Vienna', next_digest_at: five })
  for (const recipient of recipients) await due(recipient, 'Today', '2026-11-21T12:00:00Z')
  for (let index = 0; index < 3; index++) harness.start({ clock, tickMs: 5 })
  await at(clock, five)
  const mails = await harness.db.selectFrom('email_messages').select('user_id').execute()
  expect(mails).toHaveLength(count)
  expect(new Set(mails.map(({ user_id }) => user_id)).size).toBe(count)
  expect(await harness.db.selectFrom('digest_deliveries').select('id').execute()).toHaveLength(count)
})

test('a digest with several jobs is sent once', async () => {
  const clock = manualClock(five)
  const recipient = await insertRecipient({ next_digest_at: null })
  await due(recipient, 'Today', '2026-11-21T12:00:00Z')
  const { transact } = harness.start({ clock })
  await transact(async ({ enqueue }) => {
    for (let index = 0; index < 5; index++) enqueue(sendDigest, { userId: recipient.id, localDate: '2026-11-21' })
  })
  await harness.settled(clock)
  expect(await digestMails(recipient)).toHaveLength(1)
})

test.each([
  ['six hours', 6, [{ date: '2026-11-21', status: 'sent', late: true }]],
  [
    'three days',
    72 + 6,
    [
      { date: '2026-11-21', status: 'failed', late: true },
      { date: '2026-11-22', status: 'failed', late: true },
      { date: '2026-11-23', status: 'failed', late: true },
      { date: '2026-11-24', status: 'sent', late: true },
    ],
  ],
  ['thirteen hours', 13, [{ date: '2026-11-21', status: 'failed', late: true }]],
])(
  'after %s without a worker today’s digest is late or missed, and older ones are missed',
  async (_name, hours, ledger) => {
    const recipient = await insertRecipient()
    await due(recipient, 'Long due', '2026-11-20T12:00:00Z')
    const clock = manualClock(new Date(five.getTime() + hours * hourMs))
    harness.start({ clock, tickMs: 10 })
    await harness.settled(clock)
    expect(await harness.digests(recipient.id)).toEqual(ledger)
    const mails = await digestMails(recipient)
    const isSent = ledger.some(({ status }) => status === 'sent')
    expect(mails).toHaveLength(isSent ? 1 : 0)
    if (isSent) expect(mails[0]?.data).toMatchObject({ late: true, localDate: ledger.at(-1)?.date })
  },
)

test('a user who changes the time zone gets one digest for each date', async () => {
  const clock = manualClock(beforeFive)
  const recipient = await insertRecipient()
  await insertDaily(recipient, new Date('2026-11-21T12:00:00Z'), 4)
  harness.start({ clock, tickMs: 10 })
  await at(clock, five)
  const journey = ['America/Los_Angeles', 'Pacific/Auckland', 'Pacific/Honolulu', 'Europe/Vienna', 'Pacific/Kiritimati']
  for (let hour = 1; hour <= 66; hour += 3) {
    await change(recipient, { timezone: journey[hour % journey.length], next_digest_at: clock.now() })
    await at(clock, new Date(five.getTime() + hour * hourMs))
  }
  const dates = (await harness.digests(recipient.id)).map(({ date }) => date)
  expect(new Set(dates).size).toBe(dates.length)
  expect(dates.length).toBeGreaterThanOrEqual(2)
  expect((await digestMails(recipient)).map(({ data }) => (data as { localDate: string }).localDate).sort()).toEqual(
    dates,
  )
})

test('a digest whose user moved west after its claim waits for the morning there', async () => {
  const clock = manualClock(five)
  const recipient = await insertRecipient({ timezone: 'America/Los_Angeles', next_digest_at: null })
  await due(recipient, 'Today', '2026-11-21T22:00:00Z')
  const { transact } = harness.start({ clock, tickMs: 10 })
  await transact(async ({ enqueue }) => enqueue(sendDigest, { userId: recipient.id, localDate: '2026-11-21' }))
  await harness.settled(clock)
  expect(await digestMails(recipient)).toEqual([])
  await change(recipient, { next_digest_at: five })
  await at(clock, '2026-11-21T13:00:00Z')
  expect(await harness.digests(recipient.id)).toEqual([{ date: '2026-11-21', status: 'sent', late: false }])
})

test('around the clock changes of a year each user has one digest for each local date', async () => {
  const zones = [
    'Australia/Lord_Howe',
    'America/St_Johns',
    'Asia/Kathmandu',
    'Antarctica/Troll',
    'Africa/Casablanca',
    'Africa/Cairo',
    'America/Havana',
    'America/Santiago',
    'America/Asuncion',
    'Asia/Gaza',
    'Pacific/Apia',
  ]
  const allWindows = [
    '2026-02-15',
    '2026-03-08',
    '2026-03-29',
    '2026-04-05',
    '2026-04-24',
    '2026-09-06',
    '2026-10-04',
    '2026-10-25',
    '2026-11-01',
  ]
  // The short form takes the days on which most of these zones change.
  const shortWindows = ['2026-03-29', '2026-04-05', '2026-11-01']
  const windows = isLongForm ? allWindows : shortWindows
  const clock = manualClock(new Date('2026-01-01T00:00:00Z'))
  const recipients = await Promise.all(zones.map((timezone) => insertRecipient({ timezone, next_digest_at: null })))
  // Overdue on every day.
  for (const recipient of recipients) await due(recipient, 'Always', '2025-01-01T00:00:00Z')
  harness.start({ clock, tickMs: 5 })
  for (const day of windows) {
    const start = Date.parse(`${day}T00:00:00Z`) - dayMs
    await harness.db
      .updateTable('users')
      .set({ next_digest_at: new Date(start) })
      .execute()
    for (let ms = start; ms <= start + 3 * dayMs; ms += 6 * hourMs) await at(clock, new Date(ms))
  }
  for (const recipient of recipients) {
    const digests = await harness.digests(recipient.id)
    expect([recipient.timezone, new Set(digests.map(({ status }) => status))]).toEqual([
      recipient.timezone,
      new Set(['sent']),
    ])
    // Each window is three days long, and so holds three mornings of each zone.
    expect([recipient.timezone, digests.length]).toEqual([recipient.timezone, 3 * windows.length])
    expect(await digestMails(recipient)).toHaveLength(3 * windows.length)
  }
}, 120_000)

test('a date that Samoa skipped gets no digest, and its neighbours one each', async () => {
  const clock = manualClock(new Date('2011-12-28T00:00:00Z'))
  const recipient = await insertRecipient({ timezone: 'Pacific/Apia', next_digest_at: clock.now() })
  await due(recipient, 'Always', '2011-01-01T00:00:00Z')
  harness.start({ clock, tickMs: 5 })
  for (let hour = 0; hour <= 96; hour += 3)
    await at(clock, new Date(Date.parse('2011-12-28T00:00:00Z') + hour * hourMs))
  const dates = (await harness.digests(recipient.id)).map(({ date }) => date)
  expect(dates).toEqual(['2011-12-28', '2011-12-29', '2011-12-31', '2012-01-01'])
})

test('a failure for one user delays no other digest', async () => {
  const clock = manualClock(five)
  const recipients = await harness.insertUsers(3, { timezone: 'Europe/Vienna', next_digest_at: five })
  for (const recipient of recipients) await due(recipient, 'Today', '2026-11-21T12:00:00Z')
  const [poor, ...others] = recipients as [User, User, User]
  await sql`alter table digest_deliveries add constraint refuse_one check (user_id <> ${sql.lit(poor.id)})`.execute(
    harness.db,
  )
  const [strange] = await harness.insertUsers(1, { timezone: 'Mars/Base', next_digest_at: five })
  harness.start({ clock, tickMs: 10 })
  await eventually(async () => {
    for (const user of others) expect(await digestMails(user)).toHaveLength(1)
  })
  expect(await digestMails(poor)).toEqual([])
  expect(await nextDigestAt(strange as User)).toEqual(new Date('2026-11-21T05:00:00Z'))
})

test('a worker killed after the claim, and a flush of Redis: one mail and one ledger row', async () => {
  const [recipient] = (await harness.insertUsers(1)) as [User]
  const now = new Date()
  // A zone in which the day began a while ago.
  const hour = now.getUTCHours()
  const offset = ((hour + 14 - 7) % 24) - 14
  const timezone = `Etc/GMT${offset >= 0 ? '+' : ''}${offset}`
  await due(recipient, 'Long due', new Date(now.getTime() - 3 * dayMs).toISOString())
  await change(recipient, { timezone, next_digest_at: new Date(now.getTime() - 10 * hourMs) })

  const pendingJobs = async () =>
    (await harness.db.selectFrom('outbox').select('id').where('name', '=', 'send-digest').execute()).length
  const alone = harness.startProcess('redis://127.0.0.1:1')
  await eventually(async () => expect(await pendingJobs()).toBe(1), { timeoutMs: 60_000 })
  await alone.stop('SIGKILL')
  expect(await digestMails(recipient)).toEqual([])

  await sql`create function hold() returns trigger language plpgsql as $$ begin perform pg_sleep(3); return new; end $$`.execute(
    harness.db,
  )
  await sql`create trigger hold before insert on digest_deliveries for each row execute function hold()`.execute(
    harness.db,
  )
  const second = harness.startProcess()
  await eventually(
    async () => {
      const { rows } =
        await sql`select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`.execute(
          harness.db,
        )
      expect(rows).toHaveLength(1)
    },
    { timeoutMs: 60_000, intervalMs: 20 },
  )
  await second.stop('SIGKILL')
  await harness.redis.client.flushdb()
  await sql`drop trigger hold on digest_deliveries`.execute(harness.db)

  harness.start()
  await eventually(async () => expect(await pendingJobs()).toBe(0), { timeoutMs: 60_000 })
  expect(await digestMails(recipient)).toHaveLength(1)
  expect(await harness.digests(recipient.id)).toHaveLength(1)
}, 120_000)
