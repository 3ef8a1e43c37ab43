import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createMuster } from '@muster/client'
import { isAlive } from '@muster/supervisor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tryInviting, tryIt } from './banner.ts'
import { assertMayBeDemo } from './demo-team/refuse.ts'
import { isLongForm } from './long-form.ts'
import { type RunFile, readRunFile } from './run-file.ts'
import { freePort } from './services/ports.ts'
import { removeCluster } from './services/postgres.ts'
import { readSettings, root } from './settings.ts'

type Copy = { home: string; env: Record<string, string>; child: ChildProcess; output: () => string }

/** The first start of a checkout builds the pages. */
const timeoutMs = 120_000
const hasCurl = spawnSync('curl', ['--version']).status === 0
const homes: string[] = []
const children: ChildProcess[] = []

afterAll(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGTERM')
  await Promise.all(children.map((child) => exited(child)))
  for (const home of homes) {
    await removeCluster(join(home, 'postgres'))
    rmSync(home, { recursive: true, force: true })
  }
})

test('a taken port ends the start with a message that names the port and its variable', async () => {
  const blocker = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve))
  const copy = await start({ PORT: String(port) })
  expect(await exited(copy.child)).toBe(1)
  expect(copy.output()).toContain(
    `Port ${port} is taken; Muster needs it for the API. Free it, or set PORT to move it.`,
  )
  expect(existsSync(join(copy.home, 'run.json'))).toBe(false)
  blocker.close()
})

test('--help names every option', async () => {
  const help = await start({}, ['--help'])
  expect(await exited(help.child)).toBe(0)
  for (const option of ['--scale', '--fresh', '--demo', '--watch', '--without-types', 'OPS_PORT_BASE'])
    expect(help.output()).toContain(option)
})

test('--demo is refused in production, before anything starts', async () => {
  const copy = await start({ NODE_ENV: 'production' }, ['--demo'])
  expect(await exited(copy.child)).toBe(1)
  expect(copy.output()).toContain('production takes none')
  expect(existsSync(join(copy.home, 'secrets.json'))).toBe(false)
})

/** The start reads its settings by these functions first; a process for each fault takes a second of a core. */
test.each<[string[], Record<string, string>, string]>([
  [['--frehs'], {}, '--frehs'],
  [[], { INBOX_PORT: 'mail' }, 'INBOX_PORT is "mail"'],
  [['--scale', 'api=2', '--scale', 'chat=1'], {}, '--scale names "chat"; the processes are api, email-worker'],
  [['--demo'], { DATABASE_URL: 'postgres://muster@db.example/muster' }, 'DATABASE_URL names another one'],
  [['--demo'], { SMTP_URL: 'smtp://mail.example:25' }, 'needs the embedded inbox'],
])('the settings %o with %o are refused in words', (args, env, reason) => {
  expect(() => assertMayBeDemo(readSettings(args, env), env)).toThrow(reason)
})

// Ten processes, which start twice.
test.runIf(isLongForm)(
  'with --scale, several APIs and workers run, restart, and behave as one',
  async () => {
    const copy = await start({}, ['--scale', 'api=2,email=2', '--scale=audit-worker=1'])
    const run = await ready(copy, 10)
    const apis = run.processes.filter(({ app }) => app === 'api')
    expect(apis.map(({ name, number }) => [name, number]).sort()).toEqual([
      ['api-1', 1],
      ['api-2', 2],
    ])
    const names = run.processes.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['email-worker-1', 'email-worker-2', 'audit-worker', 'postgres']))
    const ports = run.processes.flatMap(({ port, opsPort }) => [port, opsPort]).filter((port) => port !== undefined)
    expect(new Set(ports).size).toBe(ports.length)
    for (const { opsPort } of run.processes.filter(({ kind }) => kind === 'app'))
      expect((await fetch(`http://127.0.0.1:${opsPort}/readyz`)).status).toBe(200)
    const [first, second] = apis
      .toSorted((one, other) => (one.number ?? 0) - (other.number ?? 0))
      .map(({ port }) => `http://localhost:${port}/api/v1`)
    expect(`${run.urls.api}/api/v1`).toBe(first)

    const { admin } = JSON.parse(readFileSync(join(copy.home, 'secrets.json'), 'utf8'))
    const body = JSON.stringify(admin)
    const signedIn = await fetch(`${first}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const cookie = signedIn.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    const statusAtSecond = async () => (await fetch(`${second}/users/me`, { headers: { cookie } })).status
    expect([signedIn.status, await statusAtSecond()]).toEqual([200, 200])
    expect((await fetch(`${first}/auth/logout`, { method: 'POST', headers: { cookie } })).status).toBe(200)
    await until(async () => (await statusAtSecond()) === 401)

    const victim = apis.find(({ number }) => number === 2)?.pid as number
    process.kill(victim, 'SIGKILL')
    await until(() => copy.output().includes('api-2 is ready again'))
    expect(copy.output()).toMatch(/^api-2 /m)
    copy.child.kill('SIGINT')
    expect(await exited(copy.child)).toBe(0)
    expect(run.processes.filter(({ pid }) => isAlive(pid))).toEqual([])
  },
  180_000,
)

/** Starting takes seconds, so the tests share one copy; those that end it come last. */
describe('a copy', () => {
  let copy: Copy
  let run: RunFile

  beforeAll(async () => {
    const home = mkdtempSync(join(tmpdir(), 'muster-start-'))
    homes.push(home)
    mkdirSync(join(home, 'files'))
    for (const name of ['files/left', 'demo.json']) writeFileSync(join(home, name), 'of an earlier copy')
    // Seven people choose passwords.
    copy = await start({ BCRYPT_COST: '4' }, ['--fresh', '--demo'], home)
    run = await ready(copy)
  }, 180_000)

  test('--fresh empties its home first', () => {
    expect(copy.output()).toContain('emptied')
    expect(copy.output()).toContain('migrated: 0001')
    expect(existsSync(join(copy.home, 'files/left'))).toBe(false)
  })

  test('responds, and only its owner may read its files', async () => {
    const { urls, home } = run
    expect((await fetch(`${urls.api}/health`)).status).toBe(200)
    expect((await fetch(`${urls.inbox}/email`)).status).toBe(200)
    expect(modeOf(join(home, 'run.json'))).toBe(0o600)
    for (const name of ['files', 'staging', 'mail', 'redis'])
      expect([name, modeOf(join(home, name))]).toEqual([name, 0o700])
  })

  test('the pages for people are built, and stand at the address that is printed first', async () => {
    const { pages } = run.urls
    const answer = await fetch(`${pages}/index.html`)
    const [script = ''] = (await answer.text()).match(/(?<=href=")\/assets\/index-[^"]+\.js/) ?? []
    expect((await fetch(pages + script)).headers.get('content-type')).toContain('javascript')
    expect(copy.output()).toMatch(new RegExp(`\\n\\n +Pages +${pages}\\n`))
  })

  test('--demo fills a copy, says that it is made up, and prints people who can sign in', async () => {
    const output = copy.output()
    const password = output.match(/with the password (\S+) as/)?.[1] ?? ''
    const emails = output.match(/^ {2}Demo \w+ +\S+@demo\.example$/gm)?.map((line) => line.split(' ').at(-1)) ?? []
    expect(emails).toHaveLength(7)
    const [muster, other] = [createMuster({ baseUrl: run.urls.api }), createMuster({ baseUrl: run.urls.api })]
    expect(await muster.auth.config()).toMatchObject({ isDemo: true })
    await muster.session.signIn({ email: emails[0] ?? '', password })
    await other.session.signIn({ email: emails.at(-1) ?? '', password })
    const { dailyData, weeklyData, categoryData, totalTasks } = await muster.analytics.get()
    expect(totalTasks).toBeGreaterThan(300)
    for (const weeks of weeklyData.slice(0, 3)) expect(weeks.completedTasks).toBeGreaterThan(0)
    expect(dailyData.filter(({ completedTasks }) => completedTasks > 0).length).toBeGreaterThan(5)
    expect(categoryData.length).toBeGreaterThan(4)
    expect((await muster.analytics.streaks()).active).toBeGreaterThan(20)
    const { items: chats } = await muster.chats.list()
    expect(chats.map(({ name }) => name)).toEqual(expect.arrayContaining([null, 'Open day']))
  })

  test('every page of this machine may use it, and its limits are 100 times those of production, as it says', async () => {
    const { port } = new URL(run.urls.api)
    for (const host of ['localhost', '127.0.0.1']) {
      const origin = `http://${host}:8080`
      const answer = await fetch(`http://${host}:${port}/api/v1/invites/details/none`, { headers: { origin } })
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
      expect(answer.headers.get('ratelimit-limit')).toBe('10000')
    }
    expect(copy.output()).toContain('100 times those of production')
  })

  test.runIf(hasCurl)('the commands of the banner, pasted together, register a user and sign in', async () => {
    const { stdout } = await promisify(execFile)('sh', ['-c', tryIt(run.urls).join('\n')])
    expect(stdout).toMatch(/"success":true.*"user":{.*"username":"guest_/s)
    expect(stdout.match(/"success":true/g)).toHaveLength(3)
  })

  test('a killed app restarts; a stopped copy leaves no process behind; --demo refuses a copy of other people', async () => {
    const victim = processOf(run, 'audit-worker')
    process.kill(victim as number, 'SIGKILL')
    await until(() => {
      const now = readRunFile(run.home)
      return now !== undefined && processOf(now, 'audit-worker') !== victim && copy.output().includes('is ready again')
    })

    const last = readRunFile(run.home)
    copy.child.kill('SIGINT')
    expect(await exited(copy.child)).toBe(0)
    expect(last?.processes.filter(({ pid }) => isAlive(pid))).toEqual([])
    expect(existsSync(join(run.home, 'run.json'))).toBe(false)

    rmSync(join(run.home, 'demo.json'))
    const again = await start(copy.env, ['--demo'], copy.home)
    expect(await exited(again.child)).toBe(1)
    expect(again.output()).toMatch(/people who are not of the demo|stopped while it filled this copy/)
  }, 180_000)

  // Another start of everything.
  test.runIf(isLongForm)(
    'by invitation, the commands of the banner sign the administrator in and invite a user',
    async () => {
      const inviting = await start(
        {
          ...copy.env,
          SIGNUP_MODE: 'invite',
          BOOTSTRAP_ADMIN_EMAIL: 'root@example.com',
          BOOTSTRAP_ADMIN_PASSWORD: `Sup3r'"Root $\\Pass`,
        },
        ['--fresh'],
        copy.home,
      )
      const newRun = await ready(inviting)
      expect(inviting.output()).toContain('emptied')
      expect(inviting.output()).toContain('migrated: 0001')
      expect(await createMuster({ baseUrl: newRun.urls.api }).auth.config()).toMatchObject({ isDemo: false })
      if (hasCurl) {
        const { stdout } = await promisify(execFile)('sh', ['-c', tryInviting(newRun).join('\n')])
        expect(stdout).toContain('"role":"super_admin"')
        expect(stdout).toContain('"status":"pending"')
      }

      inviting.child.kill('SIGKILL')
      await until(() => newRun.processes.every(({ pid }) => !isAlive(pid)))
    },
    180_000,
  )
})

async function start(env: Record<string, string> = {}, args: string[] = [], existingHome?: string): Promise<Copy> {
  const home = existingHome ?? mkdtempSync(join(tmpdir(), 'muster-start-'))
  if (!existingHome) homes.push(home)
  // One run of ports, so that none is taken twice.
  const port = await freePort(8)
  const own = {
    MUSTER_HOME: home,
    PORT: String(port),
    INBOX_PORT: String(port + 1),
    SMTP_PORT: String(port + 2),
    OPS_PORT_BASE: String(port + 3),
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

/** Waits for the banner and reads run.json. */
async function ready(copy: Copy, processes = 8): Promise<RunFile> {
  await until(() => {
    if (copy.child.exitCode !== null) throw new Error(`npm start exited:\n${copy.output()}`)
    return copy.output().includes('ready in ')
  })
  const run = readRunFile(copy.home)
  if (!run) throw new Error(`no run.json in ${readdirSync(copy.home)}`)
  expect(run.processes).toHaveLength(processes)
  return run
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777
}

function processOf(run: RunFile, name: string): number | undefined {
  return run.processes.find((process) => process.name === name)?.pid
}

function exited(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.once('exit', resolve))
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`no success within ${timeoutMs} ms`)
    await sleep(50)
  }
}
