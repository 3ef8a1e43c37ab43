import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, takeLock } from '@muster/supervisor'
import { afterAll, expect, test } from 'vitest'
import { readRunFile } from './run-file.ts'
import { freePort } from './services/ports.ts'
import { removeCluster } from './services/postgres.ts'
import { root } from './settings.ts'

type Dev = { child: ChildProcess; output: () => string }

/** Beside tests that build the pages and start whole systems, on two cores. */
const timeoutMs = 120_000
const home = mkdtempSync(join(tmpdir(), 'muster-dev-'))
const opsPort = await freePort(5)
const { PATH = '', HOME = '' } = process.env
const env = {
  PATH,
  HOME,
  MUSTER_HOME: home,
  NODE_COMPILE_CACHE: join(root, '.muster/compile-cache'),
  INBOX_PORT: String(await freePort()),
  SMTP_PORT: String(await freePort()),
  OPS_PORT_BASE: String(opsPort),
}
const children: ChildProcess[] = []

afterAll(async () => {
  for (const child of children) child.kill('SIGTERM')
  await removeCluster(join(home, 'postgres'))
  rmSync(home, { recursive: true, force: true })
})

test('apps that run alone share the services; a killed one leaves them to the other, and the last one stops them', async () => {
  const [audit, reminder] = [startDev('audit-worker'), startDev('reminder-worker')]
  await Promise.all([until(() => isReady(audit)), until(() => isReady(reminder))])
  const services = readRunFile(home)?.processes ?? []
  expect(services.map(({ name }) => name).sort()).toEqual(['inbox', 'postgres', 'redis'])
  expect(await healthOf('audit-worker')).toBe(200)

  audit.child.kill('SIGKILL')
  await until(async () => (await healthOf('audit-worker')) === undefined)
  expect(await healthOf('reminder-worker')).toBe(200)
  expect(services.filter(({ pid }) => !isAlive(pid))).toEqual([])

  reminder.child.kill('SIGINT')
  expect((await once(reminder.child, 'close'))[0]).toBe(0)
  expect(await healthOf('reminder-worker')).toBeUndefined()
  expect(services.filter(({ pid }) => isAlive(pid))).toEqual([])
  expect(existsSync(join(home, 'run.json'))).toBe(false)
}, 180_000)

test('while npm start runs from this home, an app is refused in words', async () => {
  const lock = await takeLock(join(home, 'lock'))
  const { child, output } = startDev('api')
  expect((await once(child, 'close'))[0]).toBe(1)
  expect(output()).toContain(`Muster already runs from ${home} (process ${process.pid}). Stop it first`)
  if ('release' in lock) lock.release()
})

test('a folder that is not the one of an app is refused', async () => {
  const { child, output } = startDev('../packages/text')
  expect((await once(child, 'close'))[0]).toBe(1)
  expect(output()).toContain('packages/text is not the folder of an app: api, email-worker,')
})

function startDev(app: string): Dev {
  const main = join(root, 'packages/devkit/src/dev.ts')
  const child = spawn(process.execPath, [main], {
    cwd: join(root, 'apps', app),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  return { child, output: () => output }
}

function isReady({ child, output }: Dev): boolean {
  if (child.exitCode !== null) throw new Error(`it exited:\n${output()}`)
  return output().includes(' is ready')
}

/** @returns the status of the worker's readiness; undefined when it does not run */
async function healthOf(worker: 'audit-worker' | 'reminder-worker'): Promise<number | undefined> {
  const port = opsPort + { 'audit-worker': 2, 'reminder-worker': 3 }[worker]
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ status }) => status,
    () => undefined,
  )
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`no success within ${timeoutMs} ms`)
    await sleep(50)
  }
}
