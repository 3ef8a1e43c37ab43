import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@muster/db'
import { rowsRead } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { createTask } from '../organizations/testing/organization-fixtures.ts'
import { readNotificationChanges, readNotificationCounters } from './notification-changes.service.ts'
import { listAll, notify, read, readAll, remove } from './testing/notifications-fixtures.ts'

let api: TestApp
beforeAll(async () => {
  api = await buildTestApp({ database: { poolMax: 20 } })
})
afterAll(() => api.close())

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const news = ({ userId }: TestUser, message: string) => ({
  userId,
  type: 'security' as const,
  title: 'News',
  message,
})
/** Reads changes as short lines. */
async function changesAfter({ userId }: TestUser, after: number, limit = 1_000) {
  const { changes, ...rest } = await readNotificationChanges(api.deps.db, userId, after, limit)
  return {
    ...rest,
    lines: changes.map((each) =>
      'deletedId' in each
        ? `${each.change} deleted`
        : `${each.change} ${each.createdChange > after ? 'new' : 'changed'} ${each.notification.message} ${each.notification.isRead}`,
    ),
  }
}

test('each new, read and deleted notification has the next number of its user', async () => {
  const [user, other] = [await api.signUp(), await api.signUp()]
  await notify(api, [news(user, 'a'), news(other, 'x'), news(user, 'b')])
  await notify(api, [news(user, 'c')])
  expect(await changesAfter(user, 0)).toEqual({
    latest: 3,
    isComplete: true,
    isLost: false,
    unreadCount: 3,
    lines: ['1 new a false', '2 new b false', '3 new c false'],
  })
  expect((await changesAfter(user, 1, 1)).lines).toEqual(['2 new b false'])
  const [c, b, a] = (await listAll(user)).map(({ id }) => id) as [string, string, string]
  await read(user, a)
  await read(user, a)
  await remove(user, b)
  await remove(user, b)
  await readAll(user)
  await readAll(user)
  const late = await changesAfter(user, 3)
  expect(late).toMatchObject({ latest: 6, unreadCount: 0 })
  expect(late.lines).toEqual(['4 changed a true', '5 deleted', '6 changed c true'])
  expect((await changesAfter(user, 2)).lines).toEqual(['4 changed a true', '5 deleted', '6 new c true'])
  expect((await read(other, c)).statusCode).toBe(404)
  expect((await remove(other, c)).statusCode).toBe(404)
  expect((await changesAfter(other, 0)).lines).toEqual(['1 new x false'])
})

test('changes of one transaction to one notification have one number, and a foreign cursor is told', async () => {
  const user = await api.signUp()
  await api.db.transaction().execute(async (trx) => {
    await insertPlainly(trx, user, 'gone')
    await insertPlainly(trx, user, 'kept')
    await trx.updateTable('notifications').set({ is_read: true }).where('user_id', '=', user.userId).execute()
    await trx.deleteFrom('notifications').where('message', '=', 'gone').execute()
  })
  const { lines, latest } = await changesAfter(user, 0)
  expect(lines).toEqual(['1 new kept true', '2 deleted'])
  expect((await changesAfter(user, latest)).isLost).toBe(false)
  expect((await changesAfter(user, latest + 1)).isLost).toBe(true)
  await api.db.deleteFrom('notification_changes').where('change', '=', 2).where('user_id', '=', user.userId).execute()
  expect(await changesAfter(user, 1)).toMatchObject({ latest: 2, isComplete: true, isLost: true, lines: [] })
})

test('what is rolled back, also to a savepoint, takes no number', async () => {
  const user = await api.signUp()
  const trx = await api.db.startTransaction().execute()
  await insertPlainly(trx, user, 'first')
  const point = await trx.savepoint('point').execute()
  await insertPlainly(trx, user, 'undone')
  const after = await point.rollbackToSavepoint('point').execute()
  await insertPlainly(after, user, 'second')
  await after.commit().execute()
  const undone = await api.db.startTransaction().execute()
  await insertPlainly(undone, user, 'never')
  await undone.rollback().execute()
  expect((await changesAfter(user, 0)).lines).toEqual(['1 new first false', '2 new second false'])
})

/** Writes as any release and any operator does. */
const insertPlainly = (db: TestApp['db'], { userId }: TestUser, message: string, taskId: string | null = null) =>
  db
    .insertInto('notifications')
    .values({ id: newId(), user_id: userId, type: 'general', title: 'News', message, task_id: taskId })
    .execute()

test('writes of the previous release and cascades are numbered too', async () => {
  const user = await api.signUp()
  const task = await createTask(user)
  await insertPlainly(api.db, user, 'about', task.id)
  expect((await user.inject('DELETE', `/api/v1/tasks/${task.id}`)).statusCode).toBe(200)
  expect((await changesAfter(user, 1)).lines).toEqual(['2 changed about false'])
  expect((await listAll(user))[0]?.taskId).toBeNull()
})

test('who reads changes while many write misses none and gets none twice', async () => {
  const user = await api.signUp()
  const writers = numbers(12).map(async (writer) => {
    for (const index of numbers(15)) {
      await api.deps.db.transaction().execute(async (trx) => {
        await insertPlainly(trx, user, `${writer}-${index}`)
        await sql`select pg_sleep(${Math.random() / 200})`.execute(trx)
      })
    }
  })
  let isWriting = true
  const written = Promise.all(writers).finally(() => {
    isWriting = false
  })
  const seen: string[] = []
  let cursor = 0
  for (let isLast = false; !isLast; await sleep(1)) {
    isLast = !isWriting
    const { changes } = await readNotificationChanges(api.deps.db, user.userId, cursor, 1_000)
    for (const change of changes) {
      expect(change.change).toBe(cursor + 1)
      cursor = change.change
      if ('notification' in change) seen.push(change.notification.message)
    }
  }
  await written
  expect(seen.toSorted()).toEqual((await listAll(user)).map(({ message }) => message).toSorted())
  expect(seen).toHaveLength(12 * 15)
})

test('transactions that change notifications of the same users in any order never deadlock', async () => {
  const users = [await api.signUp(), await api.signUp(), await api.signUp()]
  const worker = async (place: number) => {
    for (const round of numbers(10)) {
      const order = round % 2 ? users : users.toReversed()
      await api.deps.db.transaction().execute(async (trx) => {
        for (const user of order) {
          await insertPlainly(trx, user, `${place}-${round}`)
          await trx
            .updateTable('notifications')
            .set({ is_read: true })
            .where('user_id', '=', user.userId)
            .where('message', '=', `${place}-${round}`)
            .execute()
        }
      })
    }
  }
  await Promise.all([...numbers(8).map(worker), ...users.map((user) => readAll(user))])
  for (const user of users) expect((await changesAfter(user, 0)).lines).toHaveLength(80)
})

test('thousands are marked as read or deleted within the limits of a statement', async () => {
  const user = await api.signUp()
  await sql`
    insert into notifications (id, user_id, type, title, message)
    select gen_random_uuid(), ${user.userId}::uuid, 'general', 'News', 'n' || n from generate_series(1, 6000) n`.execute(
    api.db,
  )
  expect((await readAll(user)).json().data).toEqual({ count: 6_000 })
  const { changes, latest, unreadCount } = await readNotificationChanges(api.deps.db, user.userId, 0, 10_000)
  expect([changes.length, latest, unreadCount]).toEqual([6_000, 12_000, 0])
  await sql`delete from notifications where user_id = ${user.userId}`.execute(api.deps.db)
  expect((await readNotificationChanges(api.deps.db, user.userId, 17_999, 10)).latest).toBe(18_000)
})

test('the counters of a thousand users are compared without reading those of others', async () => {
  const [user, idle] = [await api.signUp(), await api.signUp()]
  await notify(api, [news(user, 'a'), news(idle, 'a')])
  const known = [
    { userId: user.userId, change: 0 },
    { userId: idle.userId, change: 1 },
    ...numbers(1_000).map(() => ({ userId: newId(), change: 5 })),
  ]
  await sql`
    insert into notification_counters (user_id, change) select gen_random_uuid(), 1 from generate_series(1, 20000)`.execute(
    api.db,
  )
  await sql`analyze notification_counters`.execute(api.db)
  const compare = () => readNotificationCounters(api.deps.db, known)
  for (let time = 0; time < 6; time++) await compare()
  const used = await rowsRead(api.deps.db, 'notification_counters', compare)
  expect(used).toMatchObject({ inSequence: 0 })
  expect(await compare()).toEqual([{ userId: user.userId, change: 1 }])
})
