import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AppName, appNames, type Env } from './system/apps.ts'
import { muster } from './system/muster-command.ts'
import { root } from './system/programs.ts'
import { type System, startSystem } from './system/system.ts'
import { createReminder, createTask, uploadPhoto } from './users/fixtures.ts'
import type { User } from './users/user.ts'

let system: System

beforeAll(async () => {
  system = await startSystem()
  const env = { LOG_LEVEL: 'trace' }
  await Promise.all(appNames.map((name) => system.start(name, { env })))
})
afterAll(() => system.close())

// Every test file of this package checks its logs when it closes its system. This one causes the log lines most likely to
// contain a secret.
test('no password, code, cookie, token or key is in the logs, even at level trace', async () => {
  const user = await system.registeredUser()
  const taskId = await createTask(user)
  await Promise.all([uploadPhoto(user, taskId), createReminder(user, taskId, 300)])
  await user.login()
  await user.request('POST', '/auth/refresh')
  await causeErrors(user)
  await system.inspector.waitUntilIdle()

  const output = system.output()
  for (const name of appNames) expect(output).toContain(`"name":"${name}"`)
  expect(system.secrets.count()).toBeGreaterThan(10)
  expect(system.secrets.findIn(output)).toEqual([])
  // Proves that the search finds a secret.
  expect(system.secrets.findIn(`${output} ${user.password}`)).toEqual(['password'])
})

// What Redis was ever given is in its append-only file, in clear text.
test('no password, cookie, token or key is in Redis: jobs hold ids, and counters hold digests', async () => {
  const answer = await system.redis.command('CONFIG', 'GET', 'dir')
  const dir = /\/\S*redis\S*/.exec(answer)?.[0] as string
  const written = globSync(join(dir, '**/*.aof')).map((file) => readFileSync(file, 'latin1'))
  expect(written.join()).toContain('send-email')
  // Any number of six digits would look like a code.
  expect(system.secrets.findIn(written.join()).filter((kind) => kind !== 'mailed code')).toEqual([])
})

const commands = ['doctor', 'status --json', 'keys check', 'users list --json', 'mail list --json', 'queues list']

test('no command prints a secret of its settings or of users, also when services refuse it', async () => {
  const word = 'Hidden/Word@1'
  const part = encodeURIComponent(word)
  for (const [kind, value] of Object.entries({ word, part })) system.secrets.add(kind, value)
  const whole = Object.assign({}, ...appNames.map((name) => system.env(name)))
  const port = await freePort()
  const refused = {
    REDIS_URL: system.redis.url.replace('//', `//muster:${part}@`),
    SMTP_URL: `smtp://me:${part}@127.0.0.1:${port}`,
    DATABASE_REPLICA_URL: `postgres://me:${part}@127.0.0.1:${port}/muster`,
    STORAGE_DRIVER: 's3',
    S3_BUCKET: 'files',
    S3_ENDPOINT: `http://127.0.0.1:${port}`,
    S3_ACCESS_KEY_ID: 'id',
    S3_SECRET_ACCESS_KEY: word,
    GOOGLE_CLIENT_ID: 'id',
    GOOGLE_CLIENT_SECRET: word,
    OIDC_ISSUER: `http://127.0.0.1:${port}`,
    SENTRY_DSN: `http://${part}@127.0.0.1:${port}/1`,
  }
  const gone = { ...refused, DATABASE_URL: `postgres://me:${part}@127.0.0.1:${port}/muster` }
  const malformed = Object.fromEntries(Object.keys(gone).map((name) => [name, `mysql://me:${word}`]))
  const runs = [
    ...commands.map((args) => ({ args, env: {} })),
    ...[refused, gone, malformed].map((env) => ({ args: 'doctor', env })),
    ...[refused, malformed].map((env) => ({ args: 'queues list', env })),
  ]
  await Promise.all(
    runs.map(async ({ args, env }) => {
      const output = await runCommand(args, { ...whole, ...env })
      expect([args, system.secrets.findIn(output)]).toEqual([args, []])
      expect(output.length).toBeGreaterThan(20)
    }),
  )
})

test('no process tells a secret of any of its variables when it refuses them', async () => {
  const word = 'Hidden-Word-2'
  system.secrets.add('variable', word)
  await Promise.all(
    appNames.map(async (name) => {
      const { exit, output } = await system.runToExit(name, await wrongEverywhere(name, word))
      expect(exit.code).toBe(1)
      expect(output).toContain('DATABASE_URL')
      expect(system.secrets.findIn(output)).toEqual([])
    }),
  )
})

/** Puts a word into each variable that the schema of a process names, where no value of the kind is. */
async function wrongEverywhere(name: AppName, word: string): Promise<Env> {
  const asked = new Set<string>()
  const source = new Proxy({} as NodeJS.ProcessEnv, {
    get: (_, key) => void asked.add(String(key)),
    has: (_, key) => asked.add(String(key)) === undefined,
  })
  const { readConfig } = await import(join(root, 'apps', name, 'src/config.ts'))
  expect(() => readConfig(source)).toThrow()
  const names = [...asked].filter(
    (key) =>
      /^[A-Z][A-Z0-9_]+$/.test(key) &&
      !key.endsWith('_FILE') &&
      !/_(HOST|PORT|NAME|USER|PASSWORD|DB|TLS|SSL\w+)$|^REDIS_(?!URL)|^LOG_LEVEL$/.test(key),
  )
  return Object.fromEntries(names.map((key) => [key, key.endsWith('_URL') ? `mysql://me:${word}@host` : word]))
}

async function runCommand(args: string, env: Env): Promise<string> {
  const { stdout, stderr } = await muster(args.split(' '), env)
  return stdout + stderr
}

/** Causes errors that have a secret in their cause: in a body, a URL, a header or a query to Postgres. */
async function causeErrors(user: User): Promise<void> {
  const { email, password } = user
  await user.request('POST', '/auth/login', { email, password: `${password}-wrong` })
  await user.request('POST', '/auth/login', { email, password: [password] })
  await user.request('POST', '/auth/register', { email, password, username: 'x', name: password })
  await user.request('POST', '/auth/register/verify', { email, otp: '000000' })
  await user.request('GET', `/nowhere/${encodeURIComponent(password)}?token=${password}`)
  await user.request('GET', `/tasks?cursor=${user.cookieHeader().slice(-40)}`)
  await user.request('PATCH', '/users/me', `{"bio": "${password}", `)
  await loseConnectionsDuringLogin(user)
  system.redis.freeze()
  await system.newUser().register()
  system.redis.thaw()
}

/** Ends every connection of this system to Postgres in the middle of a sign-in. Systems of other files use the same server. */
async function loseConnectionsDuringLogin(user: User): Promise<void> {
  const pausePoint = await system.pausePoint('audit_pending', 'insert')
  await pausePoint.arm()
  const login = user.login()
  await pausePoint.waitUntilReached()
  await system.inspector.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name like 'muster-%'`,
  )
  await pausePoint.release()
  expect((await login).status).toBe(503)
}
