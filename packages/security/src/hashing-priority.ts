import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const niceness = 10

/**
 * Gives the event loop of this process priority over its thread pool, where each password hash takes a quarter of a second. Otherwise
 * a short request would wait for several time slices while every core hashes. Hashing loses little, because the event loop is
 * mostly idle then. Call it after the first use of the pool, which starts all of its threads.
 *
 * On Linux a nice value belongs to a thread, not to the process (setpriority(2), “C library/kernel differences”). On other systems
 * the function does nothing.
 */
export function lowerThreadPoolPriority(): void {
  if (process.platform !== 'linux') return
  for (const id of readdirSync('/proc/self/task')) {
    const name = readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim()
    if (name === 'libuv-worker') setPriority(Number(id), niceness)
  }
}
