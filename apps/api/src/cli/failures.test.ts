import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatRedisUrl } from '@muster/redis'
import { createTestDatabase, freePort, startOwnRedis } from '@muster/testing'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'
import { muster, musterProcess } from './testing/cli-fixtures.ts'

let api: TestApp
beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const run = (args: string, env: Record<string, string>) => muster(api, args, { env })
const secret = 'S3cret-Word'

test('a command without Postgres names variable, place and remedy, and no password', async () => {
  const port = await freePort()
  const env = { DATABASE_URL: `postgres://muster:${secret}@127.0.0.1:${port}/muster` }
  for (const command of ['users list', 'mail list', 'keys check']) {
    const { code, stderr } = await run(command, env)
    expect([code, stderr]).toEqual([
      1,
      `Postgres at 127.0.0.1:${port}, database muster (DATABASE_URL) cannot be reached (ECONNREFUSED). Start it, or correct host and port in DATABASE_URL; check firewalls and network policies between.\n`,
    ])
  }
  const parts = {
    DATABASE_URL: '',
    DATABASE_HOST: '127.0.0.1',
    DATABASE_PORT: String(port),
    DATABASE_NAME: 'm',
    DATABASE_USER: 'u',
  }
  const { stderr } = await run('connections', { ...parts, DATABASE_PASSWORD: secret })
  expect(stderr).toMatch(/\(DATABASE_HOST, DATABASE_PORT, DATABASE_NAME, DATABASE_USER, DATABASE_PASSWORD\)/)
  expect(stderr).not.toContain(secret)
})

test('where no copy runs and no database is set, a command tells how to start one', async () => {
  const env = { DATABASE_URL: '', REDIS_URL: '', MUSTER_HOME: '/nonexistent' }
  for (const command of ['doctor', 'status --once', 'users list'])
    expect(await run(command, env)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^No copy of `npm start` runs here.*--env-file/),
    })
})

test('a command on a Postgres that does not answer, or has no tables, says so and ends', async () => {
  const frozen = createServer(() => {}).listen(0, '127.0.0.1')
  onTestFinished(() => void frozen.close())
  await new Promise((resolve) => frozen.once('listening', resolve))
  const { port } = frozen.address() as { port: number }
  const frozenUrl = `postgres://u:${secret}@127.0.0.1:${port}/m`
  const silent = await musterProcess(api, 'users list', { env: { DATABASE_URL: frozenUrl } })
  expect([silent.code, silent.stderr]).toEqual([
    1,
    expect.stringMatching(/\(DATABASE_URL\) .*does not answer in time \(TIMEOUT\)/),
  ])
  const empty = await createTestDatabase({ poolMax: 1, isMigrated: false })
  onTestFinished(() => empty.drop())
  const bare = await run('mail list', { DATABASE_URL: empty.url })
  expect([bare.code, bare.stderr]).toEqual([1, expect.stringMatching(/lacks a table .*`muster migrate`/)])
})

test('a command without Redis, or with a wrong password of it, names variable and remedy', async () => {
  const url = `redis://:${secret}@127.0.0.1:${await freePort()}`
  for (const command of ['queues list', 'redis claim']) {
    const { code, stderr } = await run(command, { REDIS_URL: url })
    expect([command, code, stderr]).toEqual([
      command,
      1,
      expect.stringMatching(/Redis at 127.0.0.1:\d+, database 0 \(REDIS_URL\) cannot be reached \(ECONNREFUSED\)/),
    ])
    expect(stderr).not.toContain(secret)
  }
  const own = await startOwnRedis()
  onTestFinished(() => own.stop())
  const wrong = await run('queues list', { REDIS_URL: own.url.replace('//', `//muster:${secret}@`) })
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    expect.stringMatching(/refuses the user name or the password \(WRONGPASS\)/),
  ])
})

test('DATABASE_URL of the running copy gets all of its settings, and another one is told apart', async () => {
  const home = await mkdtemp(join(tmpdir(), 'muster-home-'))
  onTestFinished(() => rm(home, { recursive: true }))
  const { database, redis } = api.deps.config
  const urls = { postgres: database.url, redis: formatRedisUrl(redis) }
  await writeFile(join(home, 'run.json'), JSON.stringify({ urls }))
  const same = new URL(database.url)
  same.searchParams.set('application_name', 'mine')
  const alone = (url: string) => ({ DATABASE_URL: url, REDIS_URL: '', MUSTER_HOME: home })
  expect((await run('status --json', alone(same.href))).code).toBe(0)
  same.pathname = '/other'
  const other = await run('status', alone(same.href))
  expect([other.code, other.stderr]).toEqual([
    1,
    expect.stringMatching(
      /REDIS_URL is missing.*\nDATABASE_URL is set and names another database .*Unset DATABASE_URL/s,
    ),
  ])
  expect((await run('doctor', alone(same.href))).stdout).toContain('names another database than that of the copy')
})

test('--env-file of a file that is not there says so, and exits with 2', async () => {
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  const words = ['run', '-s', 'muster', '--', '--env-file', '/nonexistent', 'status']
  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile('npm', words, { cwd: root }, (error, _, stderr) => resolve({ code: error?.code, stderr }))
  })
  expect([code, stderr]).toEqual([2, expect.stringContaining('--env-file: /nonexistent cannot be read (ENOENT).')])
})
