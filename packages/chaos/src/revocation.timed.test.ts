import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@muster/devkit'
import { eventually, isLongForm } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import type { User } from './users/user.ts'

const revocations = isLongForm ? 20 : 6
const promisedMs = 1_000
const requestIntervalMs = 5
/** How often an instance polls Postgres for revocations. */
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
  { state: 'up', inject: () => {}, recover: () => {} },
  { state: 'frozen', inject: () => system.redis.freeze(), recover: () => system.redis.thaw() },
  { state: 'down', inject: () => system.redis.kill(), recover: () => system.redis.restart() },
])(
  'a revoked session is refused on every instance within 1 s, with Redis $state',
  async ({ state, inject, recover }) => {
    const user = await system.registeredUser()
    const ownCookie = user.cookieHeader()
    await inject()
    const delaysMs: number[] = []
    for (let round = 0; round < revocations; round++) {
      const revokedCookie = await signInElsewhere(user)
      // Spreads the revocations evenly over the interval between two polls.
      await sleep((round / revocations) * pollIntervalMs)
      delaysMs.push(await measureRevocation(ownCookie, revokedCookie))
    }
    await recover()

    delaysMs.sort((a, b) => a - b)
    const percentile = (share: number) => Math.round(delaysMs[Math.ceil(share * delaysMs.length) - 1] as number)
    const [p50, p95, max] = [percentile(0.5), percentile(0.95), percentile(1)]
    console.log(`Redis ${state}: refused on the other instance after p50 ${p50} ms, p95 ${p95} ms, max ${max} ms`)
    expect(max).toBeLessThan(promisedMs)
  },
)

/** Signs the user in as a new browser would. @returns the `Cookie` header of the new session */
async function signInElsewhere({ email, password }: User): Promise<string> {
  const response = await fetch(`${first.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  expect(response.status).toBe(200)
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ')
}

/**
 * Revokes a session on the first instance.
 * @returns milliseconds from that response until both instances have refused the session
 */
async function measureRevocation(ownCookie: string, revokedCookie: string): Promise<number> {
  expect((await send(second, revokedCookie)).status).toBe(200)
  const { data } = (await (await send(first, revokedCookie, '/auth/sessions')).json()) as {
    data: { sessions: { id: string; current: boolean }[] }
  }
  const id = data.sessions.find(({ current }) => current)?.id
  expect((await send(first, ownCookie, `/auth/sessions/${id}`, 'DELETE')).status).toBe(200)
  const revokedMs = performance.now()
  await eventually(async () => expect((await send(second, revokedCookie)).status).not.toBe(200), {
    intervalMs: requestIntervalMs,
  })
  expect((await send(first, revokedCookie)).status).toBe(401)
  return performance.now() - revokedMs
}

const send = ({ url }: App, cookie: string, path = '/users/me', method = 'GET') =>
  fetch(`${url}/api/v1${path}`, { method, headers: { cookie }, signal: AbortSignal.timeout(30_000) })
