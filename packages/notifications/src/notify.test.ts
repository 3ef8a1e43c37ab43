import { createTransact, noPublisher, type Transact, type TransactContext } from '@muster/jobs/outbox'
import { createTestDatabase, insertTask, insertUser, type TestDatabase } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Notification, notify, notifyAll } from './notify.ts'

let database: TestDatabase
let transact: Transact

beforeAll(async () => {
  database = await createTestDatabase()
  transact = createTransact({ db: database.db, publisher: noPublisher })
  // Opens every connection of the pool, so that transactions run at the same time.
  await Promise.all(numbers(0, 10).map(() => sql`select pg_sleep(0.2)`.execute(database.db)))
})
afterAll(() => database.drop())

const now = new Date('2026-03-01T12:00:00.000Z')
const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000)
const newUserId = async () => (await insertUser(database.db)).id
const general = (userId: string, fields: Partial<Notification> = {}): Notification => ({
  userId,
  type: 'general',
  title: 'Something happened',
  message: 'It did.',
  ...fields,
})
const write = (userId: string, fields: Partial<Notification> = {}, at = now) =>
  transact((tx) => notify(tx, { ...general(userId, fields), now: at }))
/** Keeps the transaction open a little longer, so that others begin before it commits. */
const writeSlowly = async (tx: TransactContext, notification: Notification) => {
  const id = await notify(tx, { ...notification, now })
  await sql`select pg_sleep(0.01)`.execute(tx.trx)
  return id
}
const rowsOf = (userId: string) =>
  database.db.selectFrom('notifications').selectAll().where('user_id', '=', userId).orderBy('id').execute()
const prefer = (user_id: string, notifications: object) =>
  database.db
    .insertInto('user_preferences')
    .values({ user_id, settings: JSON.stringify({ notifications }), updated_at: now })
    .execute()
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)
const numbered = (userId: string, index: number) => general(userId, { message: `Number ${index}.` })

test('a notification is a row of its recipient with all its fields', async () => {
  const user = await insertUser(database.db)
  const task = await insertTask(database.db, user)
  const id = await write(user.id, { type: 'reminder', taskId: task.id, data: { event: 'other', late: true } })
  expect(await rowsOf(user.id)).toMatchObject([
    {
      id,
      type: 'reminder',
      title: 'Something happened',
      message: 'It did.',
      task_id: task.id,
      data: { event: 'other', late: true },
      is_read: false,
      created_at: now,
      summarized: null,
    },
  ])
})

describe('preferences', () => {
  test('a type that is turned off in the app has no row, and its mail is still sent', async () => {
    const userId = await newUserId()
    await prefer(userId, { invite: { inApp: false }, general: { email: true } })
    const outcomes = await transact((tx) => notifyAll(tx, [general(userId, { type: 'invite' }), general(userId)], now))
    expect(outcomes).toEqual([
      { id: undefined, isMailWanted: true },
      { id: expect.any(String), isMailWanted: true },
    ])
    expect(await rowsOf(userId)).toMatchObject([{ type: 'general' }])
  })

  test('missing and invalid preferences mean the defaults', async () => {
    const [first, second] = [await newUserId(), await newUserId()]
    await prefer(second, { general: 'loud', invite: { inApp: 'false', email: 0 } })
    for (const userId of [first, second]) {
      const both = [general(userId), general(userId, { type: 'invite' })]
      const outcomes = await transact((tx) => notifyAll(tx, both, now))
      expect(outcomes.map(({ isMailWanted }) => isMailWanted)).toEqual([false, true])
      expect(await rowsOf(userId)).toHaveLength(2)
    }
  })
})

describe('a repetition', () => {
  test('within 10 minutes is written once and mailed once', async () => {
    const userId = await newUserId()
    const outcomes = await transact((tx) =>
      notifyAll(tx, [general(userId, { type: 'invite' }), general(userId, { type: 'invite' })], now),
    )
    expect(outcomes).toEqual([
      { id: expect.any(String), isMailWanted: true },
      { id: undefined, isMailWanted: false },
    ])
    expect(await write(userId, { type: 'invite' }, later(9.9))).toBeUndefined()
    expect(await write(userId, { type: 'invite' }, later(10))).toEqual(expect.any(String))
    expect(await rowsOf(userId)).toHaveLength(2)
  })

  test('is written once by thirty concurrent transactions', async () => {
    const userId = await newUserId()
    const ids = await Promise.all(numbers(0, 30).map(() => transact((tx) => writeSlowly(tx, general(userId)))))
    expect(ids.filter(Boolean)).toHaveLength(1)
    expect(await rowsOf(userId)).toHaveLength(1)
  })

  test('is compared with the newest of its subject: the task, else the user, else the type', async () => {
    const user = await insertUser(database.db)
    const [task, other] = [await insertTask(database.db, user), await insertTask(database.db, user)]
    const gone = (taskId: string) => ({ event: 'taskDeleted' as const, taskId, byId: null })
    const friend = (userId: string) => ({ event: 'friendAccepted' as const, requestId: userId, userId })
    const subjects: [Partial<Notification>, Partial<Notification>][] = [
      [{ taskId: task.id }, { data: gone(task.id) }],
      [{ taskId: other.id }, { data: gone(other.id) }],
      [{ data: friend(user.id) }, { data: friend(user.id) }],
      [{ type: 'security' }, { type: 'security' }],
    ]
    for (const [on, off] of subjects) {
      const steps = [on, { ...off, message: 'It did not.' }, on, on].map((each) => general(user.id, each))
      const written: boolean[] = []
      for (const each of steps) written.push(Boolean(await write(user.id, each)))
      expect(written).toEqual([true, true, true, false])
      const outcomes = await transact((tx) => notifyAll(tx, steps, now))
      expect(outcomes.map(({ id }) => Boolean(id))).toEqual([false, true, true, false])
    }
    expect(await rowsOf(user.id)).toHaveLength(20)
  })

  test('needs the same recipient, type, title, message and task', async () => {
    const user = await insertUser(database.db)
    const other = await newUserId()
    const task = await insertTask(database.db, user)
    const different = [{}, { type: 'chat' as const }, { title: 'Else' }, { message: 'Else' }, { taskId: task.id }]
    for (const fields of different) expect(await write(user.id, fields)).toEqual(expect.any(String))
    expect(await write(other)).toEqual(expect.any(String))
    expect(await rowsOf(user.id)).toHaveLength(different.length)
  })
})

describe('the hourly limit', () => {
  test('lets 60 of a hundred concurrent notifications pass, and one row counts 40', async () => {
    const userId = await newUserId()
    const ids = await Promise.all(numbers(0, 100).map((index) => write(userId, numbered(userId, index))))
    expect(ids.filter(Boolean)).toHaveLength(60)
    const rows = await rowsOf(userId)
    expect(rows.filter(({ summarized }) => summarized === null)).toHaveLength(60)
    expect(rows.filter(({ summarized }) => summarized !== null)).toMatchObject([
      { type: 'general', summarized: 40, message: expect.stringContaining('40 more notifications'), is_read: false },
    ])
  })

  test('counts a batch like single ones', async () => {
    const [userId, other] = [await newUserId(), await newUserId()]
    const many = numbers(0, 63).map((index) => numbered(userId, index))
    const outcomes = await transact((tx) => notifyAll(tx, [...many, general(other)], now))
    expect(outcomes.slice(0, 60).every(({ id }) => id)).toBe(true)
    expect(outcomes.slice(60)).toEqual([
      ...Array(3).fill({ id: undefined, isMailWanted: false }),
      { id: expect.any(String), isMailWanted: false },
    ])
    expect((await rowsOf(userId)).map(({ summarized }) => summarized).filter(Boolean)).toEqual([3])
  })

  test('marks the summary as unread again, and begins a new one after an hour', async () => {
    const userId = await newUserId()
    await transact((tx) =>
      notifyAll(
        tx,
        numbers(0, 61).map((index) => numbered(userId, index)),
        now,
      ),
    )
    const summaries = async () =>
      (await rowsOf(userId)).flatMap(({ summarized, message, is_read }) => (summarized ? [{ message, is_read }] : []))
    expect((await summaries())[0]?.message).toMatch(/^1 more notification came /)
    await database.db.updateTable('notifications').set({ is_read: true }).where('user_id', '=', userId).execute()
    await write(userId, numbered(userId, 70), later(59))
    expect(await summaries()).toEqual([{ message: expect.stringMatching(/^2 more /), is_read: false }])
    const next = numbers(100, 162).map((index) => numbered(userId, index))
    const outcomes = await transact((tx) => notifyAll(tx, next, later(60)))
    expect(outcomes.filter(({ id }) => id)).toHaveLength(60)
    expect((await summaries()).map(({ message }) => message.slice(0, 6))).toEqual(['2 more', '2 more'])
  })

  test('does not count security notifications', async () => {
    const userId = await newUserId()
    const security = numbers(0, 80).map((index) => ({ ...numbered(userId, index), type: 'security' as const }))
    const others = numbers(0, 60).map((index) => numbered(userId, index))
    const outcomes = await transact((tx) => notifyAll(tx, [...security, ...others], now))
    expect(outcomes.filter(({ id }) => id)).toHaveLength(140)
    await write(userId, numbered(userId, 99))
    expect(await write(userId, { type: 'security', message: 'One more.' })).toEqual(expect.any(String))
  })
})

test('a committed notification signals its recipient, but a repeated or unwanted one does not', async () => {
  const signals: object[] = []
  const signalling = createTransact({
    db: database.db,
    publisher: { ...noPublisher, signal: (sent) => signals.push(...sent) },
  })
  const [userId, otherId] = [await newUserId(), await newUserId()]
  await prefer(otherId, { general: { inApp: false } })
  const both = [general(userId), general(userId), general(otherId)]
  await signalling((tx) => notifyAll(tx, both, now))
  expect(signals).toEqual([{ room: `user:${userId}`, event: 'notification' }])
  await signalling((tx) => notifyAll(tx, both, now))
  await expect(
    signalling(async (tx) => {
      await notify(tx, { ...general(userId), message: 'Never.', now })
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  expect(signals).toHaveLength(1)
})

test('transactions that notify many users in any order never deadlock', async () => {
  const users = await Promise.all(numbers(0, 6).map(newUserId))
  const shuffled = (by: number) => users.toSorted((one, other) => (one + by > other + by ? 1 : -1) * (by % 2 ? 1 : -1))
  await Promise.all(
    numbers(0, 40).map((by) =>
      transact((tx) =>
        notifyAll(
          tx,
          shuffled(by).map((userId) => numbered(userId, by)),
          now,
        ),
      ),
    ),
  )
  for (const userId of users) expect(await rowsOf(userId)).toHaveLength(40)
})

test('a rolled-back transaction writes no notification', async () => {
  const userId = await newUserId()
  const failing = transact(async (tx) => {
    await notify(tx, { ...general(userId), now })
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(await rowsOf(userId)).toEqual([])
  expect(await write(userId)).toEqual(expect.any(String))
})
