import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

const url = '/api/v1/admin/diagnostics/client-ip'
let api: TestApp
let operator: TestUser

beforeAll(async () => {
  api = await buildTestApp({
    config: { http: { host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.1', '10.0.0.0/8'] } },
  })
  operator = await api.signUp({ role: 'operator' })
})
afterAll(() => api.close())

const resolved = async (forwardedFor?: string) =>
  (await operator.inject('GET', url, undefined, forwardedFor ? { 'x-forwarded-for': forwardedFor } : {})).json().data
    .clientIp

test('platform roles read the client address behind the trusted proxies, counted from the right', async () => {
  expect(await resolved('198.51.100.66, 203.0.113.9, 10.1.2.3')).toEqual({
    ip: '203.0.113.9',
    countedAs: '203.0.113.9',
    peer: '127.0.0.1',
    forwardedFor: '198.51.100.66, 203.0.113.9, 10.1.2.3',
    chain: [
      { address: '127.0.0.1', isTrustedProxy: true },
      { address: '10.1.2.3', isTrustedProxy: true },
      { address: '203.0.113.9', isTrustedProxy: false },
    ],
    trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
  })
})

test('without X-Forwarded-For the peer is the client, and an IPv6 client counts by its /64', async () => {
  expect(await resolved()).toMatchObject({ ip: '127.0.0.1', forwardedFor: null })
  expect((await resolved('2001:db8:1:2:3:4:5:6')).countedAs).toMatch(/^2001:db8:1:2:/)
})

test('client roles are refused', async () => {
  const member = await api.signUp()
  expect((await member.inject('GET', url)).statusCode).toBe(403)
  expect((await api.connect().inject('GET', url)).statusCode).toBe(401)
})
