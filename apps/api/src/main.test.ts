import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { formatRedisUrl } from '@muster/redis'
import { endWithTest } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ringText } from './cli/testing/cli-fixtures.ts'
import { buildTestApp, type TestApp } from './testing/test-app.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

test('a start without writable folders names each of them and its setting', async () => {
  const { database, redis, stagingDir } = api.deps.config
  const file = `${stagingDir}-file`
  await writeFile(file, '')
  const rings = ['ACCESS_TOKEN', 'REFRESH_TOKEN', 'PASSWORD', 'MAIL_CODE', 'COOKIE', 'ENCRYPTION', 'AUDIT']
  const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url))], {
    env: {
      ...process.env,
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      REDIS_URL: formatRedisUrl(redis),
      PUBLIC_URL: 'http://localhost:3000',
      ...Object.fromEntries(rings.map((name, index) => [`${name}_KEYS`, ringText({ k1: index + 1 })])),
      STAGING_DIR: join(file, 'staging'),
      STORAGE_LOCAL_DIR: join(file, 'files'),
      PORT: '0',
      OPS_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  endWithTest(child)
  const [output, [code]] = await Promise.all([text(child.stdout as Readable), once(child, 'exit')])
  expect(code).toBe(1)
  for (const expected of [join(file, 'staging'), 'set STAGING_DIR', join(file, 'files'), 'set STORAGE_LOCAL_DIR'])
    expect(output).toContain(expected)
}, 30_000)
