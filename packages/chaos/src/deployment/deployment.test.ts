import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, inboxSmtpUrl, inboxUrl, inheritedEnv } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type System, startSystem } from '../system/system.ts'
import type { DeploymentReport } from './summary.ts'

let system: System
let folder: string
beforeAll(async () => {
  ;[system, folder] = await Promise.all([startSystem(), mkdtemp(join(tmpdir(), 'muster-deployment-'))])
})
afterAll(async () => {
  await system.close()
  await rm(folder, { recursive: true })
})

/** Runs `npm run chaos -- <args>` without npm. */
function chaos(args: string[], env: NodeJS.ProcessEnv = {}) {
  const main = join(import.meta.dirname, '../main.ts')
  const child = spawn(process.execPath, [main, ...args], { env: { ...inheritedEnv(), ...env }, stdio: 'pipe' })
  child.stdin.end()
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  return { output: () => output, ended: once(child, 'close').then(([code]) => code as number) }
}

test('against a deployment, chaos finds every acknowledged write while its API is killed', {
  timeout: 300_000,
}, async () => {
  const [api] = await Promise.all([
    system.start('api'),
    system.start('email-worker', { env: { SMTP_URL: inboxSmtpUrl() } }),
  ])
  const json = join(folder, 'report.json')
  const where = ['--url', system.apiUrl, '--inbox', inboxUrl()]
  const run = chaos([...where, '--users', '1', '--for', '8s', '--yes', '--json', json])
  const tasks = () => system.inspector.query('select from tasks')
  await eventually(async () => expect((await tasks()).length).toBeGreaterThan(1), { timeoutMs: 120_000 })
  await api.kill()
  await system.start('api')
  expect([await run.ended, run.output()]).toEqual([0, expect.stringMatching(/task +\d+ +\d+ +0 +0/)])

  const report = JSON.parse(await readFile(json, 'utf8')) as DeploymentReport
  expect(report.effects.map(({ effect, lost, repeated }) => [effect, lost, repeated])).toEqual([
    ['task', 0, 0],
    ['message', 0, 0],
    ['message on the other device', 0, 0],
  ])
  for (const { acknowledged } of report.effects) expect(acknowledged).toBeGreaterThan(1)
  expect(report.outages.map(({ what }) => what).sort()).toEqual(expect.arrayContaining(['connection', 'requests']))
  expect(run.output()).toMatch(/registers 1 users[\s\S]*deletes its tasks/)
  // It tidied up.
  expect(await tasks()).toEqual([])
})

test('chaos does nothing to a deployment without consent, and names what is missing', async () => {
  const [unasked, incomplete, unknown] = [
    chaos(['--url', system.apiUrl, '--inbox', inboxUrl()]),
    chaos(['--url', system.apiUrl, '--email', 'ada@example.test', '--yes']),
    chaos(['--url', 'muster', '--inbox', inboxUrl(), '--yes']),
  ]
  expect([await unasked.ended, unasked.output()]).toEqual([2, expect.stringContaining('give --yes')])
  expect([await incomplete.ended, incomplete.output()]).toEqual([
    2,
    expect.stringContaining('CHAOS_PASSWORD is not set'),
  ])
  expect([await unknown.ended, unknown.output()]).toEqual([2, expect.stringContaining('--url is an address')])
})
