/* Reads of a row by its key go over one connection that all requests share. */

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { createLookupDb, isDatabaseUnavailable } from '@muster/db'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTask, tasksUrl } from '../modules/tasks/testing/tasks-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

let api: TestApp
let ann: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  ann = await api.signUp()
})
afterAll(() => api.close())

const shared = sql`application_name = 'muster-api-lookups' and datname = current_database()`
const read = async (user: TestUser, id: string) => {
  const response = await user.inject('GET', `${tasksUrl}/${id}`)
  return { status: response.statusCode, id: response.json().data?.task.id }
}

test('hundreds of concurrent reads share one connection, and each gets its own row', async () => {
  const bob = await api.signUp()
  const tasks = await Promise.all(Array.from({ length: 20 }, () => createTask(ann)))
  const reads = Array.from({ length: 300 }, (_, index) => {
    const { id } = tasks[index % tasks.length]
    return index % 3 === 0
      ? { user: bob, id, expected: { status: 404, id: undefined } }
      : { user: ann, id, expected: { status: 200, id } }
  })
  const answers = await Promise.all(reads.map(({ user, id }) => read(user, id)))
  expect(answers).toEqual(reads.map(({ expected }) => expected))
  const { rows } = await sql`select pid from pg_stat_activity where ${shared}`.execute(api.db)
  expect(rows).toHaveLength(1)
})

test('a task is read while every connection of the pool is in use', async () => {
  const { id } = await createTask(ann)
  const release = Promise.withResolvers<void>()
  const { poolMax } = api.deps.config.database
  let taken = 0
  const holders = Array.from({ length: poolMax }, () =>
    api.deps.db.connection().execute(async () => {
      taken++
      await release.promise
    }),
  )
  await eventually(() => expect(taken).toBe(poolMax))
  try {
    expect(await read(ann, id)).toEqual({ status: 200, id })
  } finally {
    release.resolve()
    await Promise.all(holders)
  }
})

test('a failing statement does not fail those sent together with it', async () => {
  const ask = (divisor: number) => sql<{ n: number }>`select 12 / ${divisor}::integer as n`.execute(api.deps.lookups)
  const outcomes = await Promise.allSettled([ask(2), ask(0), ask(3), ask(0), ask(4)])
  expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.rows[0]?.n : 'failed'))).toEqual([
    6,
    'failed',
    4,
    'failed',
    3,
  ])
})

test('reads of a locked table answer 503 soon and do not delay reads of others', async () => {
  const { id } = await createTask(ann)
  const profileOf = async (user: TestUser) => (await user.inject('GET', '/api/v1/users/me')).statusCode
  await api.db.transaction().execute(async (trx) => {
    await sql`lock table tasks in access exclusive mode`.execute(trx)
    const held = read(ann, id)
    const users = await Promise.all(Array.from({ length: 3 }, () => api.signUp()))
    expect(await Promise.all(users.map(profileOf))).toEqual([200, 200, 200])
    expect(await held).toEqual({ status: 503, id: undefined })
  })
  expect(await read(ann, id)).toEqual({ status: 200, id })
})

test('concurrent first reads of a locked table all fail as unavailable', async () => {
  const lookups = createLookupDb({ url: api.deps.config.database.url, applicationName: 'test' })
  const ask = () => sql`select title from tasks where id = ${ann.userId}`.execute(lookups)
  await api.db.transaction().execute(async (trx) => {
    await sql`lock table tasks in access exclusive mode`.execute(trx)
    const outcomes = await Promise.allSettled([ask(), ask(), ask()])
    for (const outcome of outcomes)
      expect(outcome.status === 'rejected' && isDatabaseUnavailable(outcome.reason)).toBe(true)
  })
  expect((await ask()).rows).toEqual([])
  await lookups.destroy()
})

test('a migration can add a column while the API runs', async () => {
  const { id: taskId } = await createTask(ann, { dueDate: '2100-01-01T00:00:00.000Z' })
  const body = { taskId, offsetMinutes: 5 }
  const { id } = (await ann.inject('POST', '/api/v1/reminders', body)).json().data.reminder
  const everyWay = async () => {
    const answers = await Promise.all([
      ann.inject('GET', `/api/v1/reminders/${id}`),
      ann.inject('GET', '/api/v1/reminders'),
      ann.inject('PATCH', `/api/v1/reminders/${id}`, { message: 'Now' }),
    ])
    return answers.map(({ statusCode }) => statusCode)
  }
  for (let times = 0; times < 3; times++) expect(await everyWay()).toEqual([200, 200, 200])
  await sql`alter table reminders add column added integer`.execute(api.db)
  const [alone, listed] = await everyWay()
  expect([alone, listed]).toEqual([200, 200])
  // A transaction with a statement prepared before the migration fails once and is rolled back.
  await eventually(async () => expect(await everyWay()).toEqual([200, 200, 200]))
  await sql`alter table reminders drop column added`.execute(api.db)
})

test('a Postgres that accepts the connection and stays silent counts as unavailable', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const lookups = createLookupDb({ url: `postgres://nobody@127.0.0.1:${port}/none`, applicationName: 'test' })
  const failures = await Promise.allSettled([1, 2].map(() => sql`select 1`.execute(lookups)))
  expect(failures.map((failure) => failure.status === 'rejected' && isDatabaseUnavailable(failure.reason))).toEqual([
    true,
    true,
  ])
  await lookups.destroy()
  silent.close()
})

test('after the connection breaks, reads succeed or get 503, and the next one reconnects', async () => {
  const { id } = await createTask(ann)
  await read(ann, id)
  const reads = Array.from({ length: 100 }, () => read(ann, id))
  const killed = sql<{ ok: boolean }>`select pg_terminate_backend(pid) as ok from pg_stat_activity where ${shared}`
  expect((await killed.execute(api.db)).rows).toEqual([{ ok: true }])
  const statuses = new Set((await Promise.all(reads)).map(({ status }) => status))
  expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([])
  await eventually(async () => expect(await read(ann, id)).toEqual({ status: 200, id }))
})
