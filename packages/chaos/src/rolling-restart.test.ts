import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@muster/devkit'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, type Exit, workerNames } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { createReminder, createTask, newTaskBody, retryOn503, uploadPhoto } from './users/fixtures.ts'
import { startLoad } from './users/load.ts'
import type { User } from './users/user.ts'

let system: System
let user: User
let api: App
let workers: App[]

beforeAll(async () => {
  system = await startSystem()
  api = await system.start('api', { env: noticed })
  workers = await Promise.all(workerNames.map((name) => system.start(name)))
  user = await system.registeredUser()
})
afterAll(() => system.close())

const drainLimitMs = 25_000
/** The load balancer notices within 200 ms that an API is not ready, and the API goes on longer than that. */
const noticed = { SHUTDOWN_DELAY_MS: '1500' }

function expectCleanExit({ code, signal, durationMs }: Exit): void {
  expect({ code, signal }).toEqual({ code: 0, signal: null })
  expect(durationMs).toBeLessThan(drainLimitMs)
}

test('a rolling restart of the API under load fails no request', async () => {
  const load = startLoad([api.url], user.cookieHeader())
  const moreResponses = async () => {
    const before = load.responseCount()
    await eventually(() => expect(load.responseCount()).toBeGreaterThan(before + 200))
  }
  await moreResponses()
  // The API moves to another port, and back to the port at which the other tests expect it.
  for (const port of [await freePort(), Number(new URL(system.apiUrl).port)]) {
    const next = await system.start('api', { port, env: noticed })
    load.sendTo([api.url, next.url])
    await moreResponses()
    const exit = api.terminate()
    // A load balancer checks the readiness of each instance at an interval like this one.
    await eventually(async () => expect(await api.isReady()).toBe(false), { intervalMs: 200 })
    load.sendTo([next.url])
    expectCleanExit(await exit)
    api = next
    await moreResponses()
  }

  const { failures, createdTaskIds } = await load.stop()
  expect(failures).toEqual([])
  await system.inspector.waitUntilIdle()
  expect(await system.inspector.auditCounts('task.created', createdTaskIds)).toEqual(createdTaskIds.map(() => 1))
})

test('a rolling restart of every worker under load loses and repeats no effect', async () => {
  // A slow mail server makes it likely that a mail is being sent when the email worker is terminated.
  system.smtp.behavior.beforeAccept = () => sleep(30, 'accept' as const)
  const newUsers = Array.from({ length: 30 }, () => system.newUser())
  const taskIds: string[] = []
  const reminderIds: string[] = []
  const attachmentIds: string[] = []
  const traffic = (async () => {
    for (const newUser of newUsers) {
      await retryOn503(newUser.register)
      const taskId = await createTask(user)
      taskIds.push(taskId)
      reminderIds.push(await createReminder(user, taskId, 300))
      if (attachmentIds.length < 6) attachmentIds.push(await uploadPhoto(user, taskId))
    }
  })()

  for (const worker of workers) {
    await system.start(worker.name)
    expectCleanExit(await worker.terminate())
  }
  await traffic
  await system.inspector.waitUntilIdle()
  await eventually(async () =>
    expect(await count('reminders', `id = any($1) and status = 'sent'`, reminderIds)).toBe(30),
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

test('of three email workers one is drained under load, and no mail is lost or sent twice', async () => {
  system.smtp.behavior.beforeAccept = () => sleep(50, 'accept' as const)
  const [drained] = await Promise.all([system.start('email-worker'), system.start('email-worker')])
  const before = await sentMails(drained)
  const newUsers = Array.from({ length: 60 }, () => system.newUser())
  const traffic = (async () => {
    for (const newUser of newUsers) await retryOn503(newUser.register)
  })()
  await eventually(async () => expect(await sentMails(drained)).toBeGreaterThan(before + 3))
  expectCleanExit(await drained.terminate())
  await traffic
  await system.inspector.waitUntilIdle()
  expect(newUsers.map(({ email }) => system.smtp.mailsTo(email).length)).toEqual(newUsers.map(() => 1))
})

test('SIGTERM lets requests finish, and open connections do not delay the exit', async () => {
  const pausePoint = await system.pausePoint('tasks', 'insert')
  await pausePoint.arm()
  const response = user.request('POST', '/tasks', newTaskBody())
  await pausePoint.waitUntilReached()
  const exit = api.terminate()
  await eventually(() => expect(api.output()).toContain('"msg":"stopping"'))
  await pausePoint.release()

  expect((await response).status).toBe(201)
  expectCleanExit(await exit)
})

/** Reads how many mails this worker has sent. */
async function sentMails({ opsUrl }: App): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  const counts = [...text.matchAll(/^muster_mails_total\{[^}]*outcome="sent"\} (\d+)/gm)]
  return counts.reduce((sum, [, count]) => sum + Number(count), 0)
}

async function count(table: string, where: string, ids: string[]): Promise<number> {
  return (await system.inspector.query(`select from ${table} where ${where}`, [ids])).length
}
