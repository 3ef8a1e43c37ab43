import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@muster/devkit'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App, Exit } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { createReminder, createTask, newTaskBody, uploadPhoto } from './users/fixtures.ts'
import { startLoad } from './users/load.ts'
import type { User } from './users/user.ts'

let system: System
let user: User
let api: App
let workers: App[]

const workerNames = ['email-worker', 'audit-worker', 'reminder-worker', 'image-worker'] as const

beforeAll(async () => {
  system = await startSystem()
  api = await system.start('api')
  workers = await Promise.all(workerNames.map((name) => system.start(name)))
  user = await system.registeredUser()
})
afterAll(() => system.close())

const drainMs = 25_000

function expectCleanEnd({ code, signal, durationMs }: Exit): void {
  expect({ code, signal }).toEqual({ code: 0, signal: null })
  expect(durationMs).toBeLessThan(drainMs)
}

test('a rolling restart of the API under load fails no request', async () => {
  const load = startLoad([api.url], user.cookieHeader())
  const goOn = async () => {
    const served = load.answered()
    await eventually(() => expect(load.answered()).toBeGreaterThan(served + 200), { timeoutMs: 20_000 })
  }
  await goOn()
  // To another port, and back to where the other tests look for it.
  for (const port of [await freePort(), Number(new URL(system.apiUrl).port)]) {
    const next = await system.start('api', { port })
    load.sendTo([api.url, next.url])
    await goOn()
    const ending = api.terminate()
    // Whoever spreads the requests asks now and then whether each instance is ready.
    await eventually(async () => expect(await api.isReady()).toBe(false), { intervalMs: 200 })
    load.sendTo([next.url])
    expectCleanEnd(await ending)
    api = next
    await goOn()
  }

  const { failures, createdTaskIds } = await load.stop()
  expect(failures).toEqual([])
  await system.inspector.waitUntilIdle()
  expect(await system.inspector.auditCounts('task.created', createdTaskIds)).toEqual(createdTaskIds.map(() => 1))
})

test('a rolling restart of every worker under load loses and repeats no effect', async () => {
  system.smtp.behavior.beforeAccept = () => sleep(30, 'accept' as const)
  const newUsers = Array.from({ length: 30 }, () => system.newUser())
  const taskIds: string[] = []
  const reminderIds: string[] = []
  const attachmentIds: string[] = []
  const work = (async () => {
    for (const newUser of newUsers) {
      await newUser.register()
      const taskId = await createTask(user)
      taskIds.push(taskId)
      reminderIds.push(await createReminder(user, taskId, 300))
      if (attachmentIds.length < 6) attachmentIds.push(await uploadPhoto(user, taskId))
    }
  })()

  for (const worker of workers) {
    await system.start(worker.name as (typeof workerNames)[number])
    expectCleanEnd(await worker.terminate())
  }
  await work
  await system.inspector.waitUntilIdle({ timeoutMs: 60_000 })
  await eventually(
    async () => expect(await count('reminders', `id = any($1) and status = 'sent'`, reminderIds)).toBe(30),
    { timeoutMs: 20_000 },
  )
  await system.inspector.waitUntilIdle()

  for (const { email } of newUsers) expect(system.smtp.mailsTo(email)).toHaveLength(1)
  expect(await system.inspector.auditCounts('task.created', taskIds)).toEqual(taskIds.map(() => 1))
  expect(await system.inspector.auditCounts('reminder.sent', reminderIds)).toEqual(reminderIds.map(() => 1))
  expect(await system.inspector.auditCounts('attachment.optimized', attachmentIds)).toEqual(attachmentIds.map(() => 1))
  expect(await count('reminder_deliveries', 'reminder_id = any($1)', reminderIds)).toBe(30)
  expect(await count('notifications', `data->>'reminderId' = any($1)`, reminderIds)).toBe(30)
  expect(await count('attachments', `id = any($1) and status = 'ready'`, attachmentIds)).toBe(6)
  const messageIds = system.smtp.accepted.map(({ messageId }) => messageId)
  expect(new Set(messageIds).size).toBe(messageIds.length)
  expect(await system.inspector.isAuditChainIntact()).toBe(true)
})

test('SIGTERM lets the request that is under way finish, and its open connection does not hold up the end', async () => {
  const pausePoint = await system.pausePoint('tasks', 'insert')
  await pausePoint.arm()
  const request = user.request('POST', '/tasks', newTaskBody())
  await pausePoint.waitUntilReached()
  const ending = api.terminate()
  await eventually(() => expect(api.output()).toContain('"msg":"stopping"'))
  await pausePoint.release()

  expect((await request).status).toBe(201)
  expectCleanEnd(await ending)
})

async function count(table: string, where: string, ids: string[]): Promise<number> {
  return (await system.inspector.query(`select from ${table} where ${where}`, [ids])).length
}
