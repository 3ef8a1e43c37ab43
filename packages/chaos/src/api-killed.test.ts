import { eventually } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { App } from './apps.ts'
import { type System, startSystem } from './system.ts'
import { entity, newTask } from './work.ts'

let system: System
let api: App
let emailWorker: App

beforeAll(async () => {
  system = await startSystem()
  ;[emailWorker] = await Promise.all([system.start('email-worker'), system.start('audit-worker')])
})
afterAll(() => system.close())

beforeEach(async () => {
  if (!api?.isRunning()) api = await system.start('api')
})

test('every registration that was answered with 202 before the API was killed gets its mail, once', async () => {
  const acknowledged: string[] = []
  const everyone = Array.from({ length: 40 }, () => system.newcomer())
  // Killed in the middle of the traffic, at the very answer of the tenth: the others are in every possible state.
  await Promise.all(
    everyone.map(async (person) => {
      const answer = await person.register().catch(() => undefined)
      if (answer?.status !== 202) return
      acknowledged.push(person.email)
      if (acknowledged.length === 10) void api.kill()
    }),
  )
  expect(acknowledged.length).toBeGreaterThanOrEqual(10)

  await system.books.settled()
  for (const email of acknowledged) expect(system.smtp.to(email)).toHaveLength(1)
})

test('every task that was answered with 201 before the API was killed is audited exactly once', async () => {
  const person = await system.member()
  const acknowledged: string[] = []
  const create = async () => {
    const answer = await person.request('POST', '/tasks', newTask()).catch(() => undefined)
    if (answer?.status !== 201) return
    acknowledged.push(entity(answer, 'task').id)
    if (acknowledged.length === 30) void api.kill()
  }
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (api.isRunning() && acknowledged.length < 200) await create()
    }),
  )
  expect(acknowledged.length).toBeGreaterThanOrEqual(30)

  await system.books.settled()
  expect(await system.books.auditCounts('task.created', acknowledged)).toEqual(acknowledged.map(() => 1))
  expect(await system.books.isChainWhole()).toBe(true)
})

test('when the API is killed in its commit, the publisher of another process publishes its jobs', async () => {
  const person = system.newcomer()
  const gate = await system.gate('email_messages', 'insert', { atCommit: true })
  await gate.close()
  const registered = person.register().catch(() => undefined)
  await gate.waitForOne()
  await api.kill()
  expect(await registered).toBeUndefined()
  // Postgres has the commit already; no process is left that would nudge a publisher.
  await gate.open()

  await eventually(() => expect(system.smtp.to(person.email)).toHaveLength(1), { timeoutMs: 20_000 })
  await system.books.settled()
  expect(system.smtp.to(person.email)).toHaveLength(1)
})

test('when the API is killed after a commit without Redis, another process publishes its jobs', async () => {
  const person = system.newcomer()
  await person.register()
  await eventually(() => expect(system.smtp.to(person.email)).toHaveLength(1), { timeoutMs: 20_000 })
  // The account's transaction waits, Redis dies, the transaction commits: nothing of it can be published.
  const gate = await system.gate('email_messages', 'insert')
  await gate.close()
  const verified = person.verify()
  await gate.waitForOne()
  await system.redis.kill()
  await gate.open()
  expect((await verified).status).toBe(201)
  await api.kill()
  expect(await system.books.owed()).toBe(1)
  await system.redis.restart()

  await system.books.settled()
  expect(system.smtp.to(person.email)).toHaveLength(2)
})

test('when the API is killed between publishing jobs and marking them, they are published again and done once', async () => {
  const gate = await system.gate('outbox', 'update of published_at')
  const person = system.newcomer()
  await gate.close()
  emailWorker.freeze()
  expect((await person.register()).status).toBe(202)
  await gate.waitForOne({ like: '%just_published%' })
  await api.kill()
  await gate.open()
  // No process has marked them, so a poll publishes them again.
  await eventually(async () => {
    expect(await system.books.query('select from outbox where published_at is null')).toEqual([])
  })
  emailWorker.thaw()

  await system.books.settled()
  expect(system.smtp.to(person.email)).toHaveLength(1)
})
