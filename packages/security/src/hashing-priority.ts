import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const niceness = 10

/**
 * Lets the event loop of this process go before its thread pool, where passwords are hashed for a quarter of a second
 * each: with every core hashing, a short request would else wait for several time slices. Hashing loses little, for the
 * event loop is mostly idle then. Call it once something has used the pool, which starts all of its threads.
 *
 * On Linux a nice value is of a thread, not of the process (setpriority(2), “C library/kernel differences”); elsewhere
 * nothing happens.
 */
export function lowerThreadPoolPriority(): void {
  if (process.platform !== 'linux') return
  for (const id of readdirSync('/proc/self/task')) {
    const name = readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim()
    if (name === 'libuv-worker') setPriority(Number(id), niceness)
  }
}
