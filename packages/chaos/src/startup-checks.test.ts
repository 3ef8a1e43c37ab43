import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isLongForm } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AppName, appNames, workerNames } from './system/apps.ts'
import { migrate, runMigrator } from './system/database.ts'
import { entryFile, root } from './system/programs.ts'
import { type System, startSystem } from './system/system.ts'

let system: System

beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.close())

/** In the short form the API and a worker stand for all, which check by the same function. */
const tried = isLongForm ? appNames : (['api', 'email-worker'] as const)
const runToExit = (names: readonly AppName[]) => Promise.all(names.map((name) => system.runToExit(name)))

test('every process refuses to start while a migration is missing, and names it', async () => {
  await runMigrator({ DATABASE_URL: system.postgres.url }, 'rollback')
  for (const { exit, output } of await runToExit(appNames)) {
    expect(exit).toEqual({ code: 1, signal: null })
    expect(output).toMatch(/The database lacks \d{4}_\w+/)
  }
  await migrate(system.postgres.url)
})

test('every process refuses a Redis that evicts keys, and names the policy', async () => {
  await system.redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  for (const { exit, output } of await runToExit(tried)) {
    expect(exit).toEqual({ code: 1, signal: null })
    expect(output).toMatch(/allkeys-lru.*noeviction/)
  }
  await system.redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
})

test('the API refuses a wrong environment, and names every wrong variable and no value', async () => {
  const weak = `k1:${Buffer.from('too short to be a key').toString('base64')}`
  const { exit, output } = await system.runToExit('api', {
    NODE_ENV: 'production',
    PUBLIC_URL: 'http://insecure.example',
    BCRYPT_COST: '4',
    BOOTSTRAP_ADMIN_EMAIL: 'root@example.com',
    BOOTSTRAP_ADMIN_PASSWORD: 'Password1',
    ACCESS_TOKEN_KEYS: '',
    REFRESH_TOKEN_KEYS: weak,
    PASSWORD_KEYS: 'changeme',
    DATABASE_URL: '',
    REDIS_URL: 'localhost',
  })
  expect(exit).toEqual({ code: 1, signal: null })
  for (const name of ['ACCESS_TOKEN_KEYS', 'REFRESH_TOKEN_KEYS', 'PASSWORD_KEYS', 'DATABASE_URL', 'REDIS_URL']) {
    expect(output).toContain(name)
  }
  for (const name of ['PUBLIC_URL', 'BCRYPT_COST', 'RATE_LIMIT_SCALE', 'BOOTSTRAP_ADMIN_PASSWORD']) {
    expect(output).toContain(name)
  }
  expect(output).not.toContain(weak)
  expect(output).not.toContain('changeme')
})

test.for(workerNames)('the %s refuses a wrong environment, and names every wrong variable', async (name) => {
  const keyRings = Object.keys(system.env(name)).filter((variable) => variable.endsWith('_KEYS'))
  const wrong = ['DATABASE_URL', 'REDIS_URL', ...keyRings]
  const { exit, output } = await system.runToExit(name, Object.fromEntries(wrong.map((variable) => [variable, ''])))
  expect(exit).toEqual({ code: 1, signal: null })
  for (const variable of wrong) expect(output).toContain(variable)
})

test('a process refuses a changed key at its start, and names ring and key', async () => {
  const keyRings = { api: 'COOKIE_KEYS', 'email-worker': 'MAIL_CODE_KEYS', 'audit-worker': 'AUDIT_KEYS' } as const
  for (const [name, ring] of Object.entries(keyRings) as [keyof typeof keyRings, string][]) {
    const app = await system.start(name)
    await app.terminate()
    const otherKey = `k1:${Buffer.alloc(32, ring).toString('base64')}`
    const { exit, output } = await system.runToExit(name, { [ring]: otherKey })
    expect(exit).toEqual({ code: 1, signal: null })
    expect(output).toMatch(new RegExp(`${ring}: the key .{1,3}k1.{1,3} is not the one`))
  }
})

test('--version prints the release and starts nothing', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [entryFile('audit-worker'), '--version'])
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  expect(stdout).toBe(`${version}\n`)
})

test('every process starts on a database with a migration of a newer release', async () => {
  await system.inspector.query(
    `insert into kysely_migration (name, timestamp) values ('9999_of_tomorrow', '2100-01-01')`,
  )
  const apps = await Promise.all(tried.map((name) => system.start(name)))
  expect(apps.every((app) => app.isRunning())).toBe(true)
})

test.for(['api', 'email-worker'] as const)(
  'an uncaught exception in the %s is logged, and the process drains and exits 1',
  async (name) => {
    // A programming error cannot be caused from outside, so a signal handler throws one.
    const fault = `process.on('SIGUSR2', () => { throw new Error('a fault of ours') })`
    const app = await system.start(name, {
      env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(fault)}` },
      ...(name === 'api' && { port: 0 }),
    })
    process.kill(app.pid, 'SIGUSR2')
    expect(await app.exited).toEqual({ code: 1, signal: null })
    expect(app.output()).toContain('a fault of ours')
    expect(app.output()).toContain('"msg":"stopped"')
  },
)
