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

test('a registration acknowledged before the API is killed gets exactly one mail', async () => {
  const acknowledged: string[] = []
  const users = Array.from({ length: 40 }, () => system.newUser())
  // The API is killed at the tenth response, while the other requests are in all stages of processing.
  await Promise.all(
    users.map(async (user) => {
      const response = await user.register().catch(() => undefined)
      if (response?.status !== 202) return
      acknowledged.push(user.email)
      if (acknowledged.length === 10) void api.kill()
    }),
  )
  expect(acknowledged.length).toBeGreaterThanOrEqual(10)

  await system.inspector.waitUntilIdle()
  for (const email of acknowledged) expect(system.smtp.mailsTo(email)).toHaveLength(1)
})

test('a task acknowledged before the API is killed is audited exactly once', async () => {
  const user = await system.registeredUser()
  const acknowledged: string[] = []
  const create = async () => {
    const response = await user.request('POST', '/tasks', newTaskBody()).catch(() => undefined)
    if (response?.status !== 201) return
    acknowledged.push(entityOf(response, 'task').id)
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

test('when the API is killed during a commit, another process publishes its jobs', async () => {
  const user = system.newUser()
  const pausePoint = await system.pausePoint('email_messages', 'insert', { atCommit: true })
  await pausePoint.arm()
  const registration = user.register().catch(() => undefined)
  await pausePoint.waitUntilReached()
  await api.kill()
  expect(await registration).toBeUndefined()
  // Postgres has received the commit already, and the process that would nudge a publisher is dead.
  await pausePoint.release()

  await eventually(() => expect(system.smtp.mailsTo(user.email)).toHaveLength(1))
  await system.inspector.waitUntilIdle()
  expect(system.smtp.mailsTo(user.email)).toHaveLength(1)
})

test('when the API is killed after a commit without Redis, its jobs are published', async () => {
  const user = system.newUser()
  await user.register()
  await eventually(() => expect(system.smtp.mailsTo(user.email)).toHaveLength(1))
  // Redis is killed before the transaction of the account commits, so the API cannot publish its jobs.
  const pausePoint = await system.pausePoint('email_messages', 'insert')
  await pausePoint.arm()
  const verification = user.verify()
  await pausePoint.waitUntilReached()
  await system.redis.kill()
  await pausePoint.release()
  expect((await verification).status).toBe(201)
  await api.kill()
  expect(await system.inspector.pendingJobs()).toBe(1)
  await system.redis.restart()

  await system.inspector.waitUntilIdle()
  expect(system.smtp.mailsTo(user.email)).toHaveLength(2)
})

test('jobs published but not marked before the API is killed are processed once', async () => {
  const pausePoint = await system.pausePoint('outbox', 'update of published_at')
  const user = system.newUser()
  await pausePoint.arm()
  emailWorker.freeze()
  expect((await user.register()).status).toBe(202)
  await pausePoint.waitUntilReached({ like: '%just_published%' })
  await api.kill()
  await pausePoint.release()
  // The rows are not marked as published, so a poll publishes them again.
  await eventually(async () => {
    expect(await system.inspector.query('select from outbox where published_at is null')).toEqual([])
  })
  emailWorker.thaw()

  await system.inspector.waitUntilIdle()
  expect(system.smtp.mailsTo(user.email)).toHaveLength(1)
})
