import { randomUUID } from 'node:crypto'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, appNames } from './system/apps.ts'
import { muster } from './system/muster-command.ts'
import { type System, startSystem } from './system/system.ts'

let system: System
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.close())

const patience = { timeoutMs: 20_000, intervalMs: 100 }

test('a Redis that another installation takes stops jobs and is named, until it is claimed', async () => {
  const [api, worker] = await Promise.all([system.start('api'), system.start('email-worker')])
  const other = randomUUID()
  await system.redis.command('SET', 'muster:installation', other)
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

  const refused = await claim()
  expect([refused.code, refused.output]).toEqual([
    1,
    expect.stringMatching(new RegExp(`installation ${other}.*(RUNS|last process was seen).* ago.*--yes ${other}`)),
  ])
  const { output: stdout } = await claim('--yes', other)
  expect(stdout).toContain('belongs to this one now')
  await eventually(async () => expect(await readiness(worker)).toBe('ready'), patience)
  await eventually(() => expect(system.smtp.mailsTo(user.email)).toHaveLength(1), patience)
})

async function claim(...options: string[]): Promise<{ code: number | null; output: string }> {
  const { code, stdout, stderr } = await muster(['redis', 'claim', ...options], system.env('api'))
  return { code, output: `${stdout}${stderr}` }
}

const readiness = async ({ opsUrl }: App) => (await (await fetch(`${opsUrl}/readyz`)).text()).trim()
