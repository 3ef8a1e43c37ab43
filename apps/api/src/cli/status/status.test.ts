import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { formatRedisUrl } from '@muster/redis'
import { endWithTest, eventually, findProgram, freePort, inheritedEnv } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { muster } from '../testing/cli-fixtures.ts'

let api: TestApp
beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const run = (args: string, env: Record<string, string>) => muster(api, args, { env })

test('status shows processes, queues, mails and lags once in a pipe, in narrow lines, and as JSON', async () => {
  const { code, stdout, stderr } = await run('status', {})
  expect([code, stderr]).toEqual([0, ''])
  for (const word of [
    'postgres up',
    'redis up',
    'email ',
    'audit ',
    'reminder ',
    'image ',
    'outbox',
    'mails',
    'reminders',
  ])
    expect(stdout).toContain(word)
  expect(stdout).not.toContain('\u001b')
  const status = JSON.parse((await run('status --json', {})).stdout)
  expect(status).toMatchObject({
    dependencies: { postgres: { status: 'up' }, redis: { status: 'up' } },
    outbox: { value: { pending: expect.any(Number) } },
    processes: { value: [expect.objectContaining({ name: 'api', isSilent: false })] },
  })
  expect(status.queues.value).toHaveLength(4)
})

test('status of which a half is away shows the other half, and exits 1', async () => {
  const { code, stdout } = await run('status', { REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
  expect(code).toBe(1)
  expect(stdout).toMatch(/redis DOWN ECONNREFUSED/)
  expect(stdout).toMatch(/outbox +\d+ pending/)
  expect(stdout).toMatch(/queues +unknown: /)
})

/** Gives a program a terminal. Part of util-linux. */
const script = findProgram('script')
const main = fileURLToPath(new URL('../main.ts', import.meta.url))

const terminals: { columns: number; rows: number; env: Record<string, string>; isColoured: boolean }[] = [
  { columns: 60, rows: 40, env: {}, isColoured: true },
  { columns: 110, rows: 40, env: { NO_COLOR: '1' }, isColoured: false },
  { columns: 40, rows: 15, env: {}, isColoured: true },
]

test.skipIf(!script).for(terminals)(
  'status on a terminal of $columns × $rows fits, refreshes in place until q, and leaves nothing behind',
  async ({ columns, rows, env, isColoured }) => {
    const { database, redis } = api.deps.config
    const command = `stty cols ${columns} rows ${rows}; exec ${process.execPath} ${main} status --interval 0.5`
    const child = spawn(script as string, ['-qefc', command, '/dev/null'], {
      env: { ...inheritedEnv(), TERM: 'xterm', DATABASE_URL: database.url, REDIS_URL: formatRedisUrl(redis), ...env },
    })
    endWithTest(child)
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    const frames = () => output.split('\u001b[H').slice(1)
    await eventually(() => expect(frames().length).toBeGreaterThan(2), { timeoutMs: 30_000 })
    child.stdin.write('q')
    const [code] = await once(child, 'close')
    expect(code).toBe(0)
    expect(output.startsWith('\u001b[?1049h')).toBe(true)
    expect(output.trimEnd().endsWith('\u001b[?1049l')).toBe(true)
    const [frame = ''] = frames()
    expect(frame.includes('\u001b[32m')).toBe(isColoured)
    const lines = stripVTControlCharacters(frame).split('\r\n')
    expect(lines.filter((line) => line.length > columns)).toEqual([])
    expect(lines.length).toBeLessThanOrEqual(rows)
    expect(lines.join(' ')).toMatch(
      /postgres up.*queue +waiting +active.*outbox +0 pending.*audit +.* behind.*q quit {3}r refresh$/,
    )
    expect(lines.some((line) => line.startsWith('processes  1 api'))).toBe(rows < 20)
  },
)

test.runIf(!script)('the test of the live view needs the program script, of the package util-linux', () => {})
