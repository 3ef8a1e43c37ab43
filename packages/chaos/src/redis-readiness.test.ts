import { eventually, startOwnRedis } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'

let system: System
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.close())

test('a worker logs once that its Redis password is wrong, and waits until it is right', async () => {
  const redis = await startOwnRedis()
  await redis.client.config('SET', 'requirepass', 'right')
  const url = `redis://:wrong-secret@127.0.0.1:${redis.port}`
  const worker = await system.startLive('email-worker', { REDIS_URL: url })
  expect(await readiness(worker)).toEqual([503, 'not ready: redis WRONGPASS'])
  await eventually(() => expect(logLines(worker, 'dependency unavailable')).not.toEqual([]))
  const [line, ...more] = logLines(worker, 'dependency unavailable')
  expect(line).toMatchObject({ level: 'warn', dependency: 'redis', reason: 'WRONGPASS' })
  expect(more).toEqual([])
  expect(worker.output()).not.toContain('wrong-secret')

  await redis.client.config('SET', 'requirepass', 'wrong-secret')
  await eventually(async () => expect(await readiness(worker)).toEqual([200, 'ready']), { timeoutMs: 10_000 })
  await eventually(() => expect(logLines(worker, 'dependency available again')).toHaveLength(1))
  await worker.terminate()
  await redis.stop()
})

test('a worker is not ready while Redis is a replica, and processes jobs afterwards', async () => {
  const [api, worker] = await Promise.all([system.start('api'), system.start('email-worker')])
  await system.redis.command('REPLICAOF', '127.0.0.1', '1')
  await eventually(async () => expect(await readiness(worker)).toEqual([503, 'not ready: redis READONLY']))
  expect(await readiness(api)).toEqual([200, 'ready'])
  // The health response may be half a second old.
  await eventually(async () => {
    const health = await (await fetch(`${api.url}/health`)).json()
    expect(health).toMatchObject({ status: 'degraded', checks: { redis: { status: 'down', reason: 'READONLY' } } })
  })

  await system.redis.command('REPLICAOF', 'NO', 'ONE')
  await eventually(async () => expect(await readiness(worker)).toEqual([200, 'ready']), { timeoutMs: 10_000 })
  const user = system.newUser()
  await eventually(async () => expect((await user.register()).status).toBe(202), { timeoutMs: 10_000 })
  await eventually(() => expect(system.smtp.mailsTo(user.email)).toHaveLength(1), { timeoutMs: 10_000 })
  for (const app of [api, worker]) expect(logLines(app, 'dependency unavailable')).toHaveLength(1)
  await Promise.all([api.terminate(), worker.terminate()])
})

async function readiness({ opsUrl }: App): Promise<[status: number, text: string]> {
  const response = await fetch(`${opsUrl}/readyz`)
  return [response.status, (await response.text()).trim()]
}

const logLines = ({ output }: App, msg: string) =>
  output()
    .split('\n')
    .filter((line) => line.includes(`"msg":"${msg}"`))
    .map((line) => JSON.parse(line))
