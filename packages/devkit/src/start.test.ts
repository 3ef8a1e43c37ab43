import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RunFile, readRunFile } from './run-file.ts'
import { freePort } from './services/ports.ts'
import { removeCluster } from './services/postgres.ts'
import { isAlive } from './services/processes.ts'
import { root } from './settings.ts'
import { tryInviting, tryIt } from './welcome.ts'

type Copy = { home: string; env: Record<string, string>; child: ChildProcess; output: () => string }

const readyMs = 60_000
const hasCurl = spawnSync('curl', ['--version']).status === 0
let homes: string[]
let children: ChildProcess[]

beforeEach(() => {
  homes = []
  children = []
})
afterEach(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGTERM')
  await Promise.all(children.map((child) => ended(child)))
  for (const home of homes) {
    await removeCluster(join(home, 'postgres'))
    rmSync(home, { recursive: true, force: true })
  }
})

test('a taken port ends the start with a sentence that names it and its variable', async () => {
  const blocker = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve))
  const copy = await start({ PORT: String(port) })
  expect(await ended(copy.child)).toBe(1)
  expect(copy.output()).toContain(
    `Port ${port} is taken; Muster needs it for the API. Free it, or set PORT to move it.`,
  )
  expect(existsSync(join(copy.home, 'run.json'))).toBe(false)
  blocker.close()
})

test('an argument or a port that makes no sense is named', async () => {
  const unknown = await start({}, ['--frehs'])
  expect(await ended(unknown.child)).toBe(1)
  expect(unknown.output()).toContain('--frehs')
  const badPort = await start({ INBOX_PORT: 'mail' })
  expect(await ended(badPort.child)).toBe(1)
  expect(badPort.output()).toContain('INBOX_PORT is "mail"')
})

test('two copies run side by side; what dies is started again; each stops with nothing left behind', async () => {
  const copies = [await start(), await start()] as const
  const runs = await Promise.all(copies.map(ready))
  for (const { urls } of runs) {
    expect((await fetch(`${urls.api}/health`)).status).toBe(200)
    expect((await fetch(`${urls.inbox}/email`)).status).toBe(200)
  }
  const [one, other] = runs as [RunFile, RunFile]
  expect(modeOf(join(one.home, 'run.json'))).toBe(0o600)
  for (const name of ['files', 'staging', 'mail', 'redis'])
    expect([name, modeOf(join(one.home, name))]).toEqual([name, 0o700])

  const victim = processOf(one, 'image-worker')
  process.kill(victim as number, 'SIGKILL')
  await until(() => {
    const now = readRunFile(one.home)
    return (
      now !== undefined && processOf(now, 'image-worker') !== victim && copies[0].output().includes('is ready again')
    )
  })

  const last = readRunFile(one.home)
  copies[0].child.kill('SIGINT')
  expect(await ended(copies[0].child)).toBe(0)
  expect(last?.processes.filter(({ pid }) => isAlive(pid))).toEqual([])
  expect(existsSync(join(one.home, 'run.json'))).toBe(false)
  expect(other.processes.every(({ pid }) => isAlive(pid))).toBe(true)
}, 180_000)

test('a supervisor killed with SIGKILL leaves nothing behind, and the next start comes up; --fresh empties it', async () => {
  const first = await start()
  const run = await ready(first)
  first.child.kill('SIGKILL')
  await until(() => run.processes.every(({ pid }) => !isAlive(pid)))

  const second = await start(first.env, ['--fresh'], first.home)
  await ready(second)
  expect(second.output()).toContain('emptied')
  expect(second.output()).toContain('migrated: 0001')
}, 180_000)

test.runIf(hasCurl)(
  'the commands to try, pasted together, register a person and sign in',
  async () => {
    const { urls } = await ready(await start())
    const { stdout } = await promisify(execFile)('sh', ['-c', tryIt(urls).join('\n')])
    expect(stdout).toMatch(/"success":true.*"user":{.*"username":"guest_/s)
    expect(stdout.match(/"success":true/g)).toHaveLength(3)
  },
  180_000,
)

test.runIf(hasCurl)(
  'where people come by invitation, the administrator of the environment signs in and invites with the commands to try',
  async () => {
    const admin = { email: 'root@example.com', password: `Sup3r'"Root $\\Pass` }
    const env = {
      SIGNUP_MODE: 'invite',
      BOOTSTRAP_ADMIN_EMAIL: admin.email,
      BOOTSTRAP_ADMIN_PASSWORD: admin.password,
    }
    const run = await ready(await start(env))
    const { stdout } = await promisify(execFile)('sh', ['-c', tryInviting(run).join('\n')])
    expect(stdout).toContain('"role":"super_admin"')
    expect(stdout).toContain('"status":"pending"')
  },
  180_000,
)

async function start(env: Record<string, string> = {}, args: string[] = [], oldHome?: string): Promise<Copy> {
  const home = oldHome ?? mkdtempSync(join(tmpdir(), 'muster-start-'))
  if (!oldHome) homes.push(home)
  const [port, inboxPort, smtpPort] = [await freePort(), await freePort(), await freePort()].map(String)
  const own = {
    MUSTER_HOME: home,
    PORT: port as string,
    INBOX_PORT: inboxPort as string,
    SMTP_PORT: smtpPort as string,
    OPS_PORT_BASE: String(await freePort(5)),
    ...env,
  }
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [join(root, 'packages/devkit/src/start.ts'), ...args], {
    env: { PATH, HOME, NODE_COMPILE_CACHE: join(root, '.muster/compile-cache'), ...own },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk
    })
  }
  return { home, env: own, child, output: () => output }
}

/** What run.json says once the table is printed. */
async function ready(copy: Copy): Promise<RunFile> {
  await until(() => {
    if (copy.child.exitCode !== null) throw new Error(`it ended:\n${copy.output()}`)
    return copy.output().includes('ready in ')
  })
  const run = readRunFile(copy.home)
  if (!run) throw new Error(`no run.json in ${readdirSync(copy.home)}`)
  expect(run.processes).toHaveLength(8)
  return run
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777
}

function processOf(run: RunFile, name: string): number | undefined {
  return run.processes.find((process) => process.name === name)?.pid
}

function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.once('exit', resolve))
}

async function until(check: () => boolean): Promise<void> {
  const deadline = Date.now() + readyMs
  while (!check()) {
    if (Date.now() > deadline) throw new Error('not in time')
    await sleep(50)
  }
}
