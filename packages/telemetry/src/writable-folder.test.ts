import { chmod, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '@muster/logger'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runStartChecks } from './start-checks.ts'
import { folderCheck } from './writable-folder.ts'

let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'muster-folder-check-'))
})
afterEach(async () => {
  await chmod(home, 0o700)
  await rm(home, { recursive: true, force: true })
})

const log = createLogger({ name: 'test', level: 'silent' })
const check = (path: string, isMade = false) =>
  folderCheck({ path, what: 'The folder for temporary files', variable: 'TMPDIR', isMade }, log)

test('a writable folder passes, a missing one is created where allowed, and no file remains in it', async () => {
  await check(home)()
  await check(join(home, 'made', 'deep'), true)()
  expect(await readdir(home)).toEqual(['made'])
  expect(await readdir(join(home, 'made', 'deep'))).toEqual([])
})

test('a missing folder and a file in its place are reported together, each with the remedy', async () => {
  const [missing, file] = [join(home, 'missing'), join(home, 'file')]
  await writeFile(file, '')
  const refusal = await runStartChecks([check(missing), check(file), check(join(file, 'below'), true)]).catch(
    (error: Error) => error.message,
  )
  for (const expected of [missing, 'it does not exist (ENOENT)', file, 'it is not a folder (ENOTDIR)', 'set TMPDIR'])
    expect(refusal).toContain(expected)
})

test('a dangling link is refused with the remedy', async () => {
  await symlink(join(home, 'nowhere'), join(home, 'link'))
  await expect(check(join(home, 'link'), true)()).rejects.toThrow('it is not a folder (EEXIST). Make it a folder')
  await expect(check(join(home, 'link', 'below'), true)()).rejects.toThrow(
    'it is not a folder (EEXIST). Make it a folder',
  )
})

test.skipIf(process.getuid?.() === 0)('a folder without write permission is refused', async () => {
  await chmod(home, 0o500)
  await expect(check(home)()).rejects.toThrow('may not write there (EACCES)')
})

test.runIf(process.platform === 'linux')('a file system that takes no files is refused', async () => {
  await expect(check('/proc')()).rejects.toThrow(/^The folder for temporary files, \/proc, can't be written/)
  await expect(check('/proc/made/deep', true)()).rejects.toThrow('it does not exist (ENOENT)')
})
