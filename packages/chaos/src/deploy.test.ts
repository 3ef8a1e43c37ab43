import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@muster/devkit'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App, Exit } from './apps.ts'
import { startLoad } from './load.ts'
import type { Person } from './people.ts'
import { type System, startSystem } from './system.ts'
import { makeTask, newTask, setReminder, uploadPhoto } from './work.ts'

let system: System
let person: Person
let api: App
let workers: App[]

const workerNames = ['email-worker', 'audit-worker', 'reminder-worker', 'image-worker'] as const

beforeAll(async () => {
  system = await startSystem()
  api = await system.start('api')
  workers = await Promise.all(workerNames.map((name) => system.start(name)))
  person = await system.member()
})
afterAll(() => system.close())

const drainMs = 25_000

function expectCleanEnd({ code, signal, durationMs }: Exit): void {
  expect({ code, signal }).toEqual({ code: 0, signal: null })
  expect(durationMs).toBeLessThan(drainMs)
}

test('a rolling restart of the API under load fails no request', async () => {
  const load = startLoad([api.url], person.cookieHeader())
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
  await system.books.settled()
  expect(await system.books.auditCounts('task.created', createdTaskIds)).toEqual(createdTaskIds.map(() => 1))
})

test('a rolling restart of every worker under load loses and repeats no effect', async () => {
  system.smtp.manners.beforeTaking = () => sleep(30, 'take' as const)
  const newcomers = Array.from({ length: 30 }, () => system.newcomer())
  const taskIds: string[] = []
  const reminderIds: string[] = []
  const attachmentIds: string[] = []
  const work = (async () => {
    for (const newcomer of newcomers) {
      await newcomer.register()
      const taskId = await makeTask(person)
      taskIds.push(taskId)
      reminderIds.push(await setReminder(person, taskId, 300))
      if (attachmentIds.length < 6) attachmentIds.push(await uploadPhoto(person, taskId))
    }
  })()

  for (const worker of workers) {
    await system.start(worker.name as (typeof workerNames)[number])
    expectCleanEnd(await worker.terminate())
  }
  await work
  await system.books.settled({ timeoutMs: 60_000 })
  await eventually(
    async () => expect(await count('reminders', `id = any($1) and status = 'sent'`, reminderIds)).toBe(30),
    { timeoutMs: 20_000 },
  )
  await system.books.settled()

  for (const { email } of newcomers) expect(system.smtp.to(email)).toHaveLength(1)
  expect(await system.books.auditCounts('task.created', taskIds)).toEqual(taskIds.map(() => 1))
  expect(await system.books.auditCounts('reminder.sent', reminderIds)).toEqual(reminderIds.map(() => 1))
  expect(await system.books.auditCounts('attachment.optimized', attachmentIds)).toEqual(attachmentIds.map(() => 1))
  expect(await count('reminder_deliveries', 'reminder_id = any($1)', reminderIds)).toBe(30)
  expect(await count('notifications', `data->>'reminderId' = any($1)`, reminderIds)).toBe(30)
  expect(await count('attachments', `id = any($1) and status = 'ready'`, attachmentIds)).toBe(6)
  const messageIds = system.smtp.accepted.map(({ messageId }) => messageId)
  expect(new Set(messageIds).size).toBe(messageIds.length)
  expect(await system.books.isChainWhole()).toBe(true)
})

test('SIGTERM lets the request that is under way finish, and its open connection does not hold up the end', async () => {
  const gate = await system.gate('tasks', 'insert')
  await gate.close()
  const request = person.request('POST', '/tasks', newTask())
  await gate.waitForOne()
  const ending = api.terminate()
  await eventually(() => expect(api.output()).toContain('"msg":"stopping"'))
  await gate.open()

  expect((await request).status).toBe(201)
  expectCleanEnd(await ending)
})

async function count(table: string, where: string, ids: string[]): Promise<number> {
  return (await system.books.query(`select from ${table} where ${where}`, [ids])).length
}
