import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { migrationsFolder } from '@muster/db/checksums'
import { expect, test } from 'vitest'

const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args])

test('a migration that is not named in snake_case is refused, and none is written', async () => {
  const before = readdirSync(migrationsFolder)
  await expect(run('new', 'Add labels')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('snake_case'),
  })
  expect(readdirSync(migrationsFolder)).toEqual(before)
})
