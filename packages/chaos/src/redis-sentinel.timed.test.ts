import { type Reaper, startReaper } from '@muster/devkit'
import { isLongForm } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisTopology, startSentinels } from './faults/redis-topology.ts'
import { type App, appNames } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { failOver } from './users/fail-over.ts'
import type { User } from './users/user.ts'

let reaper: Reaper
let system: System
let sentinels: RedisTopology
let apps: App[]
let user: User

beforeAll(async () => {
  reaper = startReaper()
  ;[system, sentinels] = await Promise.all([startSystem(), startSentinels(reaper)])
  const env = { REDIS_URL: sentinels.url }
  apps = await Promise.all(appNames.map((name) => system.start(name, { env })))
  user = await system.registeredUser()
})
afterAll(async () => {
  await system.close()
  await sentinels.stop()
  reaper.dismiss()
})

test('sentinels that replace a killed master lose and repeat nothing, and requests succeed', async () => {
  await failOver(system, sentinels, user, '', 'kill')
  expect(apps.every((app) => app.isRunning())).toBe(true)
})

test.runIf(isLongForm)(
  'masters frozen and killed by turns lose and repeat nothing',
  async () => {
    for (const fault of ['freeze', 'kill', 'freeze', 'kill'] as const)
      await failOver(system, sentinels, user, '', fault)
    expect(apps.every((app) => app.isRunning())).toBe(true)
  },
  600_000,
)
