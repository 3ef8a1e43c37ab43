import { eventually } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { App } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { entityOf, newTaskBody } from './users/fixtures.ts'

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
  const everyone = Array.from({ length: 40 }, () => system.newUser())
  // Killed in the middle of the traffic, at the very answer of the tenth: the others are in every possible state.
  await Promise.all(
    everyone.map(async (user) => {
      const answer = await user.register().catch(() => undefined)
      if (answer?.status !== 202) return
      acknowledged.push(user.email)
      if (acknowledged.length === 10) void api.kill()
    }),
  )
  expect(acknowledged.length).toBeGreaterThanOrEqual(10)

  await system.inspector.waitUntilIdle()
  for (const email of acknowledged) expect(system.smtp.mailsTo(email)).toHaveLength(1)
})

test('every task that was answered with 201 before the API was killed is audited exactly once', async () => {
  const user = await system.registeredUser()
  const acknowledged: string[] = []
  const create = async () => {
    const answer = await user.request('POST', '/tasks', newTaskBody()).catch(() => undefined)
    if (answer?.status !== 201) return
    acknowledged.push(entityOf(answer, 'task').id)
    if (acknowledged.length === 30) void api.kill()
  }
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (api.isRunning() && acknowledged.length < 200) await create()
    }),
  )
  expect(acknowledged.length).toBeGreaterThanOrEqual(30)

  await system.inspector.waitUntilIdle()
  expect(await system.inspector.auditCounts('task.created', acknowledged)).toEqual(acknowledged.map(() => 1))
  expect(await system.inspector.isAuditChainIntact()).toBe(true)
})

test('when the API is killed in its commit, the publisher of another process publishes its jobs', async () => {
  const user = system.newUser()
  const pausePoint = await system.pausePoint('email_messages', 'insert', { atCommit: true })
  await pausePoint.arm()
  const registered = user.register().catch(() => undefined)
  await pausePoint.waitUntilReached()
  await api.kill()
  expect(await registered).toBeUndefined()
  // Postgres has the commit already; no process is left that would nudge a publisher.
  await pausePoint.release()

  await eventually(() => expect(system.smtp.mailsTo(user.email)).toHaveLength(1), { timeoutMs: 20_000 })
  await system.inspector.waitUntilIdle()
  expect(system.smtp.mailsTo(user.email)).toHaveLength(1)
})

test('when the API is killed after a commit without Redis, another process publishes its jobs', async () => {
  const user = system.newUser()
  await user.register()
  await eventually(() => expect(system.smtp.mailsTo(user.email)).toHaveLength(1), { timeoutMs: 20_000 })
  // The account's transaction waits, Redis dies, the transaction commits: nothing of it can be published.
  const pausePoint = await system.pausePoint('email_messages', 'insert')
  await pausePoint.arm()
  const verified = user.verify()
  await pausePoint.waitUntilReached()
  await system.redis.kill()
  await pausePoint.release()
  expect((await verified).status).toBe(201)
  await api.kill()
  expect(await system.inspector.pendingJobs()).toBe(1)
  await system.redis.restart()

  await system.inspector.waitUntilIdle()
  expect(system.smtp.mailsTo(user.email)).toHaveLength(2)
})

test('when the API is killed between publishing jobs and marking them, they are published again and done once', async () => {
  const pausePoint = await system.pausePoint('outbox', 'update of published_at')
  const user = system.newUser()
  await pausePoint.arm()
  emailWorker.freeze()
  expect((await user.register()).status).toBe(202)
  await pausePoint.waitUntilReached({ like: '%just_published%' })
  await api.kill()
  await pausePoint.release()
  // No process has marked them, so a poll publishes them again.
  await eventually(async () => {
    expect(await system.inspector.query('select from outbox where published_at is null')).toEqual([])
  })
  emailWorker.thaw()

  await system.inspector.waitUntilIdle()
  expect(system.smtp.mailsTo(user.email)).toHaveLength(1)
})
