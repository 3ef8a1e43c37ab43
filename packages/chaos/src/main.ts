import { spawnSync } from 'node:child_process'

/*
 * Runs the tests of this package. `full` runs the conversation of 200 clients long, with another seed each time; further arguments go
 * to vitest.
 */
const [first, ...others] = process.argv.slice(2)
const isFull = first === 'full'
const args = isFull ? ['conversation', ...others] : process.argv.slice(2)
const { status } = spawnSync('vitest', ['run', ...args], {
  stdio: 'inherit',
  env: { ...process.env, ...(isFull && { CHAOS_FULL: '1' }) },
})
process.exitCode = status ?? 1
