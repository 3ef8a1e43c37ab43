import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@muster/devkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import type { User } from './users/user.ts'

const revocations = 20
const promisedMs = 1_000
const askEveryMs = 5
const pollIntervalMs = 250

let system: System
let first: App
let second: App

beforeAll(async () => {
  system = await startSystem()
  ;[first, second] = await Promise.all([
    system.start('api'),
    system.start('api', { port: await freePort() }),
    system.start('email-worker'),
  ])
})
afterAll(() => system.close())

test.for([
  { state: 'up', go: () => {}, back: () => {} },
  { state: 'frozen', go: () => system.redis.freeze(), back: () => system.redis.thaw() },
  { state: 'dead', go: () => system.redis.kill(), back: () => system.redis.restart() },
])(
  'a session that one API process ends is refused by the other within a second, with Redis $state',
  async ({ state, go, back }) => {
    const user = await system.registeredUser()
    const keeper = user.cookieHeader()
    await go()
    const delaysMs: number[] = []
    for (let round = 0; round < revocations; round++) {
      const victim = await signInElsewhere(user)
      // Each at another moment between two polls.
      await sleep((round / revocations) * pollIntervalMs)
      delaysMs.push(await delayOfRevocation(keeper, victim))
    }
    await back()

    delaysMs.sort((a, b) => a - b)
    const at = (share: number) => Math.round(delaysMs[Math.ceil(share * delaysMs.length) - 1] as number)
    console.log(`Redis ${state}: revoked elsewhere after p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, at most ${at(1)} ms`)
    expect(at(1)).toBeLessThan(promisedMs)
  },
)

/** In a browser that holds nothing yet. @returns its cookies */
async function signInElsewhere({ email, password }: User): Promise<string> {
  const answer = await fetch(`${first.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  expect(answer.status).toBe(200)
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ')
}

/** Ends the session on the first process. @returns ms from that answer to the first refusal of the second process */
async function delayOfRevocation(keeper: string, victim: string): Promise<number> {
  expect((await ask(second, victim)).status).toBe(200)
  const { data } = (await (await ask(first, victim, '/auth/sessions')).json()) as {
    data: { sessions: { id: string; current: boolean }[] }
  }
  const id = data.sessions.find(({ current }) => current)?.id
  expect((await ask(first, keeper, `/auth/sessions/${id}`, 'DELETE')).status).toBe(200)
  const endedMs = performance.now()
  while ((await ask(second, victim)).status === 200) await sleep(askEveryMs)
  expect((await ask(first, victim)).status).toBe(401)
  return performance.now() - endedMs
}

const ask = ({ url }: App, cookie: string, path = '/users/me', method = 'GET') =>
  fetch(`${url}/api/v1${path}`, { method, headers: { cookie } })
