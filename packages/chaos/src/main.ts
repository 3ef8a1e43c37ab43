import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * Runs the tests of this package. `full` runs the files that have long forms, in these: fail-overs again and again, a slot that moves, the
 * conversation of 200 clients with another seed each time. Further arguments go to vitest.
 */
const [first, ...others] = process.argv.slice(2)
const isFull = first === 'full'
const hasLongForm = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8').includes('CHAOS_FULL')
const longFiles = () => globSync('**/*.test.ts', { cwd: import.meta.dirname }).filter(hasLongForm)
const args = isFull ? [...longFiles(), ...others] : process.argv.slice(2)
const { status } = spawnSync('vitest', ['run', ...args], {
  stdio: 'inherit',
  env: { ...process.env, ...(isFull && { CHAOS_FULL: '1' }) },
})
process.exitCode = status ?? 1
