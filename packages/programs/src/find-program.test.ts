import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findProgram } from './index.ts'

test('a program is found on PATH, then in the other folders, and by its path, unless it may not be executed', async () => {
  const [first, second] = [await mkdtemp(join(tmpdir(), 'muster-bin-')), await mkdtemp(join(tmpdir(), 'muster-bin-'))]
  onTestFinished(async () => {
    for (const folder of [first, second]) await rm(folder, { recursive: true })
  })
  const program = join(second, 'muster-test-program')
  await writeFile(join(first, 'muster-test-program'), '', { mode: 0o644 })
  await writeFile(program, '', { mode: 0o755 })
  expect(findProgram('muster-test-program', { path: `:${first}:${second}` })).toBe(program)
  expect(findProgram('muster-test-program', { path: first, folders: [second] })).toBe(program)
  expect(findProgram(program, { path: '' })).toBe(program)
  expect(findProgram('muster-test-program', { path: first })).toBeUndefined()
})
