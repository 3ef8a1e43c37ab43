import { eventually, isLongForm } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, type AppName, appNames, workerNames } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { createReminder, createTask, newTaskBody } from './users/fixtures.ts'
import type { User } from './users/user.ts'

let system: System
const apps = {} as Record<AppName, App>
let user: User

const delayMs = 4_000
const limit = { timeout: 90_000 }

beforeAll(async () => {
  system = await startSystem()
  const needed = isLongForm ? appNames : (['api', 'email-worker'] as const)
  await Promise.all(needed.map(async (name) => (apps[name] = await system.start(name))))
  user = await system.registeredUser()
})
afterAll(() => system.close())

const readiness = async ({ opsUrl }: App) => {
  const answer = await fetch(`${opsUrl}/readyz`)
  return { status: answer.status, text: await answer.text() }
}
const shuttingDown = { status: 503, text: 'not ready: shutting down\n' }
/** Replaces the running process of this name by one with a delay. */
const withDelay = async (name: AppName, env: Record<string, string> = {}) => {
  if (apps[name].isRunning()) await apps[name].terminate()
  const port = name === 'api' ? { port: Number(new URL(system.apiUrl).port) } : {}
  apps[name] = await system.start(name, { env: { SHUTDOWN_DELAY_MS: String(delayMs), ...env }, ...port })
  return apps[name]
}

/** Work that needs a running process of this name. */
const work: Record<AppName, () => Promise<unknown>> = {
  api: () => createTask(user),
  'email-worker': async () => {
    const newUser = system.newUser()
    await newUser.register()
    await eventually(() => expect(system.smtp.mailsTo(newUser.email)).toHaveLength(1), { timeoutMs: delayMs })
  },
  'audit-worker': async () => {
    const id = await createTask(user)
    await eventually(async () => expect(await system.inspector.auditCounts('task.created', [id])).toEqual([1]), {
      timeoutMs: delayMs,
    })
  },
  'reminder-worker': async () => {
    const id = await createReminder(user, await createTask(user), 100)
    const select = `select from reminders where id = $1 and status = 'sent'`
    await eventually(async () => expect(await system.inspector.query(select, [id])).toHaveLength(1), {
      timeoutMs: delayMs,
    })
  },
  // An image may take longer than the delay.
  'image-worker': async () => {},
}

async function expectDelayedEnd(name: AppName): Promise<void> {
  const app = await withDelay(name)
  const exit = app.terminate()
  await eventually(async () => expect(await readiness(app)).toEqual(shuttingDown), { intervalMs: 10 })
  await work[name]()
  expect(await readiness(app)).toEqual(shuttingDown)
  const { code, signal, durationMs } = await exit
  expect({ code, signal }).toEqual({ code: 0, signal: null })
  expect(durationMs).toBeGreaterThan(delayMs)
  expect(durationMs).toBeLessThan(25_000)
  apps[name] = await system.start(name, name === 'api' ? { port: Number(new URL(system.apiUrl).port) } : {})
}

const title = 'after SIGTERM the %s is not ready, works on, then drains and ends'
test.for(['api'] as const)(title, limit, expectDelayedEnd)
// At once, because each mostly waits for its delay, and needs no other worker. All end in the same way.
test.concurrent.for(isLongForm ? workerNames : [])(title, limit, (name) => expectDelayedEnd(name))

test('the ops port answers until the drain is over', async () => {
  const pausePoint = await system.pausePoint('tasks', 'insert')
  await pausePoint.arm()
  const response = user.request('POST', '/tasks', newTaskBody())
  await pausePoint.waitUntilReached()
  const { api } = apps
  const exit = api.terminate()
  // The drain has begun when no connection is accepted any more.
  await eventually(() => expect(fetch(`${api.url}/health`)).rejects.toThrow('fetch failed'))
  expect(await readiness(api)).toEqual(shuttingDown)
  expect((await fetch(`${api.opsUrl}/metrics`)).status).toBe(200)
  await pausePoint.release()
  expect((await response).status).toBe(201)
  expect(await exit).toMatchObject({ code: 0 })
})

test('a crash does not wait for the delay, nor for the rest of it', limit, async () => {
  const fault = `process.on('SIGUSR2', () => { throw new Error('a fault of ours') })`
  const env = {
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(fault)}`,
    SHUTDOWN_DELAY_MS: '15000',
  }
  for (const isStopping of [false, true]) {
    const app = await withDelay('email-worker', env)
    const startMs = performance.now()
    if (isStopping) {
      process.kill(app.pid, 'SIGTERM')
      await eventually(async () => expect(await readiness(app)).toEqual(shuttingDown), { intervalMs: 10 })
    }
    process.kill(app.pid, 'SIGUSR2')
    expect(await app.exited).toEqual({ code: 1, signal: null })
    expect(performance.now() - startMs).toBeLessThan(15_000)
  }
})
