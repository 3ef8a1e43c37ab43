import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, appNames, root } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'

let system: System
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.close())

const patience = { timeoutMs: 20_000, intervalMs: 100 }

test('a Redis that another installation takes stops jobs and is named, until it is claimed', async () => {
  const [api, worker] = await Promise.all([system.start('api'), system.start('email-worker')])
  await system.redis.command('SET', 'muster:installation', randomUUID())
  await eventually(
    async () => expect(await readiness(worker)).toMatch('not ready: redis FOREIGN_INSTALLATION'),
    patience,
  )
  await eventually(async () => {
    const { checks } = (await (await fetch(`${api.url}/health`)).json()) as { checks: Record<string, unknown> }
    expect(checks.redis).toMatchObject({ status: 'down', reason: 'FOREIGN_INSTALLATION' })
  }, patience)
  const user = system.newUser()
  await user.register()
  expect(system.smtp.mailsTo(user.email)).toEqual([])
  for (const { exit, output } of await Promise.all(appNames.map((name) => system.runToExit(name)))) {
    expect(exit).toEqual({ code: 1, signal: null })
    expect(output).toMatch(/belongs to the installation .* another database number .*muster redis claim/)
  }

  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(root, 'apps/api/src/cli/main.ts'), 'redis', 'claim'],
    { env: { ...process.env, ...system.env('api') } },
  )
  expect(stdout).toContain('belongs to this one now')
  await eventually(async () => expect(await readiness(worker)).toBe('ready'), patience)
  await eventually(() => expect(system.smtp.mailsTo(user.email)).toHaveLength(1), patience)
})

const readiness = async ({ opsUrl }: App) => (await (await fetch(`${opsUrl}/readyz`)).text()).trim()
