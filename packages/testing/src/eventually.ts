import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Repeats a check until it no longer throws, and returns its result. The limit is generous, since a busy machine is no
 * defect: a test that must measure time does so itself.
 * @throws the last error at the time limit
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 20_000, intervalMs = 25 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() >= deadline) throw error
    }
    await sleep(intervalMs)
  }
}
