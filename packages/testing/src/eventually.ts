import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Repeats a check until it no longer throws, and gives back what it returned.
 * @throws the last error when the time is up
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 5_000, intervalMs = 25 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() >= deadline) throw error
    }
    await sleep(intervalMs)
  }
}
