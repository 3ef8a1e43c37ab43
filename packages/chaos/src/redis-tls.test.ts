import { type Authority, createAuthority, eventually, freePort, type RedisNode, startRedisNode } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type System, startSystem } from './system/system.ts'

let system: System
let authority: Authority
let redis: RedisNode
let url: string

beforeAll(async () => {
  ;[system, authority] = await Promise.all([startSystem(), createAuthority()])
  const { cert, key } = await authority.issue('redis', ['IP:127.0.0.1'])
  const port = await freePort()
  const tls = { 'tls-port': port, 'tls-cert-file': cert, 'tls-key-file': key, 'tls-auth-clients': 'no' }
  redis = await startRedisNode({ ...tls, 'tls-ca-cert-file': authority.ca })
  url = `rediss://127.0.0.1:${port}`
})
afterAll(async () => {
  await system.close()
  await redis.stop()
  await authority.remove()
})

test('TLS with a private authority works with REDIS_CA_FILE, and is named as the reason without', async () => {
  const [api, worker, untrusting] = await Promise.all([
    system.start('api', { env: { REDIS_URL: url, REDIS_CA_FILE: authority.ca } }),
    system.start('email-worker', { env: { REDIS_URL: url, REDIS_CA_FILE: authority.ca } }),
    system.startLive('reminder-worker', { REDIS_URL: url }),
  ])
  const user = system.newUser()
  expect((await user.register()).status).toBe(202)
  await eventually(() => expect(system.smtp.mailsTo(user.email)).toHaveLength(1), { timeoutMs: 20_000 })
  const readiness = await (await fetch(`${untrusting.opsUrl}/readyz`)).text()
  expect(readiness).toMatch(/not ready: redis (SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)/)
  expect([api, worker].every((app) => app.isRunning())).toBe(true)
})
