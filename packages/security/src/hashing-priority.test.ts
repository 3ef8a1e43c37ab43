import { readdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { lowerThreadPoolPriority } from './hashing-priority.ts'

/** Reads the nice values of this process's threads by name (proc_pid_stat(5), field 19). */
function nicenessOf(isPool: boolean): number[] {
  return readdirSync('/proc/self/task').flatMap((id) => {
    const [, comm = '', rest = ''] =
      /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/self/task/${id}/stat`, 'utf8')) ?? []
    return (comm === 'libuv-worker') === isPool ? [Number(rest.split(' ')[16])] : []
  })
}

test.runIf(process.platform === 'linux')('only the threads of the pool get a lower priority', async () => {
  await stat('.')
  lowerThreadPoolPriority()
  expect(new Set(nicenessOf(true))).toEqual(new Set([10]))
  expect(new Set(nicenessOf(false))).toEqual(new Set([0]))
})
