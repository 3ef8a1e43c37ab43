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
  // Every connection of the pool is open, so that transactions really run at once.
  await Promise.all(numbers(0, 10).map(() => sql`select pg_sleep(0.2)`.execute(database.db)))
})
afterAll(() => database.drop())

const now = new Date('2026-03-01T12:00:00.000Z')
const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000)
const newPerson = async () => (await insertUser(database.db)).id
const general = (userId: string, fields: Partial<Notification> = {}): Notification => ({
  userId,
  type: 'general',
  title: 'Something happened',
  message: 'It did.',
  ...fields,
})
const tell = (userId: string, fields: Partial<Notification> = {}, at = now) =>
  transact((tx) => notify(tx, { ...general(userId, fields), now: at }))
/** The transaction lasts a little longer, so that others begin before it has committed. */
const tellSlowly = async (tx: TransactContext, notification: Notification) => {
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

test('what is told is a row of the person’s, with everything in it', async () => {
  const user = await insertUser(database.db)
  const task = await insertTask(database.db, user)
  const id = await tell(user.id, { type: 'reminder', taskId: task.id, data: { late: true } })
  expect(await rowsOf(user.id)).toMatchObject([
    {
      id,
      type: 'reminder',
      title: 'Something happened',
      message: 'It did.',
      task_id: task.id,
      data: { late: true },
      is_read: false,
      created_at: now,
      summarized: null,
    },
  ])
})

describe('preferences', () => {
  test('a type that is turned off in the app leaves no row, and its mail is wanted all the same', async () => {
    const userId = await newPerson()
    await prefer(userId, { invite: { inApp: false }, general: { email: true } })
    const told = await transact((tx) => notifyAll(tx, [general(userId, { type: 'invite' }), general(userId)], now))
    expect(told).toEqual([
      { id: undefined, isMailWanted: true },
      { id: expect.any(String), isMailWanted: true },
    ])
    expect(await rowsOf(userId)).toMatchObject([{ type: 'general' }])
  })

  test('what was never chosen, or makes no sense, is as usual', async () => {
    const [first, second] = [await newPerson(), await newPerson()]
    await prefer(second, { general: 'loud', invite: { inApp: 'false', email: 0 } })
    for (const userId of [first, second]) {
      const both = [general(userId), general(userId, { type: 'invite' })]
      const told = await transact((tx) => notifyAll(tx, both, now))
      expect(told.map(({ isMailWanted }) => isMailWanted)).toEqual([false, true])
      expect(await rowsOf(userId)).toHaveLength(2)
    }
  })
})

describe('the same again', () => {
  test('within 10 minutes is told once, and mailed once', async () => {
    const userId = await newPerson()
    const told = await transact((tx) =>
      notifyAll(tx, [general(userId, { type: 'invite' }), general(userId, { type: 'invite' })], now),
    )
    expect(told).toEqual([
      { id: expect.any(String), isMailWanted: true },
      { id: undefined, isMailWanted: false },
    ])
    expect(await tell(userId, { type: 'invite' }, later(9.9))).toBeUndefined()
    expect(await tell(userId, { type: 'invite' }, later(10))).toEqual(expect.any(String))
    expect(await rowsOf(userId)).toHaveLength(2)
  })

  test('is told once of thirty at once', async () => {
    const userId = await newPerson()
    const ids = await Promise.all(numbers(0, 30).map(() => transact((tx) => tellSlowly(tx, general(userId)))))
    expect(ids.filter(Boolean)).toHaveLength(1)
    expect(await rowsOf(userId)).toHaveLength(1)
  })

  test('is not what differs in person, type, title, message or task', async () => {
    const user = await insertUser(database.db)
    const other = await newPerson()
    const task = await insertTask(database.db, user)
    const different = [{}, { type: 'chat' as const }, { title: 'Else' }, { message: 'Else' }, { taskId: task.id }]
    for (const fields of different) expect(await tell(user.id, fields)).toEqual(expect.any(String))
    expect(await tell(other)).toEqual(expect.any(String))
    expect(await rowsOf(user.id)).toHaveLength(different.length)
  })
})

describe('too many', () => {
  test('of a hundred different ones at once 60 are told, and one row says 40', async () => {
    const userId = await newPerson()
    const ids = await Promise.all(numbers(0, 100).map((index) => tell(userId, numbered(userId, index))))
    expect(ids.filter(Boolean)).toHaveLength(60)
    const rows = await rowsOf(userId)
    expect(rows.filter(({ summarized }) => summarized === null)).toHaveLength(60)
    expect(rows.filter(({ summarized }) => summarized !== null)).toMatchObject([
      { type: 'general', summarized: 40, message: expect.stringContaining('40 more notifications'), is_read: false },
    ])
  })

  test('in one go count like those one by one', async () => {
    const [userId, other] = [await newPerson(), await newPerson()]
    const many = numbers(0, 63).map((index) => numbered(userId, index))
    const told = await transact((tx) => notifyAll(tx, [...many, general(other)], now))
    expect(told.slice(0, 60).every(({ id }) => id)).toBe(true)
    expect(told.slice(60)).toEqual([
      ...Array(3).fill({ id: undefined, isMailWanted: false }),
      { id: expect.any(String), isMailWanted: false },
    ])
    expect((await rowsOf(userId)).map(({ summarized }) => summarized).filter(Boolean)).toEqual([3])
  })

  test('make the summary unread again, and after an hour begin a new one', async () => {
    const userId = await newPerson()
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
    await tell(userId, numbered(userId, 70), later(59))
    expect(await summaries()).toEqual([{ message: expect.stringMatching(/^2 more /), is_read: false }])
    const next = numbers(100, 162).map((index) => numbered(userId, index))
    const told = await transact((tx) => notifyAll(tx, next, later(60)))
    expect(told.filter(({ id }) => id)).toHaveLength(60)
    expect((await summaries()).map(({ message }) => message.slice(0, 6))).toEqual(['2 more', '2 more'])
  })

  test('never are those about the safety of the account, and they take no other one’s place', async () => {
    const userId = await newPerson()
    const security = numbers(0, 80).map((index) => ({ ...numbered(userId, index), type: 'security' as const }))
    const others = numbers(0, 60).map((index) => numbered(userId, index))
    const told = await transact((tx) => notifyAll(tx, [...security, ...others], now))
    expect(told.filter(({ id }) => id)).toHaveLength(140)
    await tell(userId, numbered(userId, 99))
    expect(await tell(userId, { type: 'security', message: 'One more.' })).toEqual(expect.any(String))
  })
})

test('many people told by many transactions in any order never wait in a circle', async () => {
  const people = await Promise.all(numbers(0, 6).map(newPerson))
  const shuffled = (by: number) => people.toSorted((one, other) => (one + by > other + by ? 1 : -1) * (by % 2 ? 1 : -1))
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
  for (const userId of people) expect(await rowsOf(userId)).toHaveLength(40)
})

test('who rolls back has told nothing', async () => {
  const userId = await newPerson()
  const failing = transact(async (tx) => {
    await notify(tx, { ...general(userId), now })
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(await rowsOf(userId)).toEqual([])
  expect(await tell(userId)).toEqual(expect.any(String))
})
