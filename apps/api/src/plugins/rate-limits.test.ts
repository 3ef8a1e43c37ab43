import { eventually, manualClock } from '@muster/testing'
import { expect, test } from 'vitest'
import { buildApp } from '../app.ts'
import { createDeps } from '../deps.ts'
import { buildTestApp } from '../testing/test-app.ts'

/** A path without a route, which the limits of anonymous requests count. */
const url = '/api/v1/nothing'
const codeOf = (answer: { json(): { error: { code: string } } }) => answer.json().error.code

test('the 101st anonymous request of an address within 15 minutes is refused', async () => {
  const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
  for (let requests = 0; requests < 100; requests++) await strict.connect().inject('GET', url)
  const refused = await strict.connect().inject('GET', url)
  expect([refused.statusCode, codeOf(refused)]).toEqual([429, 'RATE_LIMITED'])
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  const signedIn = await strict.signUp()
  expect((await signedIn.inject('GET', '/api/v1/users/me')).headers['ratelimit-limit']).toBe('3000')
  await strict.close()
})

test('requests with an invalid session are counted as anonymous', async () => {
  const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
  const ask = () => strict.connect(new Map([['muster_rt', 'forged']])).inject('GET', '/api/v1/users/me')
  for (let requests = 0; requests < 100; requests++) expect((await ask()).statusCode).toBe(401)
  expect((await ask()).statusCode).toBe(429)
  await strict.close()
})

test('the window slides, and a request after Retry-After passes', async () => {
  const minuteMs = 60_000
  // One minute before the end of a fixed window of 15 minutes.
  const clock = manualClock(new Date('2026-11-20T12:14:00Z'))
  const strict = await buildTestApp({ clock, config: { rateLimitScale: 1 } })
  const ask = async () => strict.connect().inject('GET', url)
  const allowed = async () => {
    let count = 0
    while ((await ask()).statusCode !== 429) count++
    return count
  }
  expect(await allowed()).toBe(100)
  clock.advance(2 * minuteMs)
  expect(await allowed()).toBe(6)
  clock.advance(7 * minuteMs)
  expect(await allowed()).toBe(47)
  const refused = await ask()
  clock.advance(Number(refused.headers['retry-after']) * 1_000)
  expect((await ask()).statusCode).toBe(404)
  await strict.close()
})

test('a spoofed X-Forwarded-For changes nothing when no proxy is trusted', async () => {
  const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
  for (let requests = 0; requests < 100; requests++) {
    await strict.connect().inject('GET', url, undefined, { 'x-forwarded-for': `203.0.113.${requests}` })
  }
  const refused = await strict.connect().inject('GET', url, undefined, { 'x-forwarded-for': '198.51.100.7' })
  expect(codeOf(refused)).toBe('RATE_LIMITED')
  await strict.close()
})

test('instances count together: one does not repeat the requests of the other', async () => {
  const one = await buildTestApp({ config: { rateLimitScale: 1 } })
  const { close, ...deps } = createDeps(one.deps.config, one.deps.log)
  const two = await buildApp(deps)
  for (let requests = 0; requests < 60; requests++) {
    await one.connect().inject('GET', url)
    await two.inject(url)
  }
  await eventually(async () => expect((await two.inject(url)).statusCode).toBe(429), {
    timeoutMs: 15_000,
    intervalMs: 200,
  })
  await two.close()
  await close()
  await one.close()
})

test('IPv6 callers count by their /64', async () => {
  const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
  const from = (remoteAddress: string) => strict.app.inject({ url, remoteAddress })
  for (let host = 1; host <= 100; host++) await from(`2001:db8:1:1::${host.toString(16)}`)
  expect((await from('2001:db8:1:1:ffff::1')).statusCode).toBe(429)
  expect((await from('2001:db8:1:2::1')).statusCode).toBe(404)
  await strict.close()
})

test('health, OpenAPI document and reference page have a limit of their own', async () => {
  const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
  const get = (path: string) => strict.connect().inject('GET', path)
  for (let requests = 0; requests < 100; requests++) await get(url)
  expect((await get(url)).statusCode).toBe(429)
  for (const path of ['/health', '/openapi.json', '/docs/']) {
    const answer = await get(path)
    expect([answer.statusCode, answer.headers['ratelimit-limit']]).toEqual([200, '5000'])
  }
  await strict.close()

  const small = await buildTestApp({ config: { rateLimitScale: 1 / 1_000 } })
  for (let requests = 0; requests < 5; requests++) await small.connect().inject('GET', '/health')
  expect(codeOf(await small.connect().inject('GET', '/health'))).toBe('RATE_LIMITED')
  await small.close()
})
