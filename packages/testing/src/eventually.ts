import { setTimeout as sleep } from 'node:timers/promises'

/** How long a check may still be pending after the time limit. */
const pendingMs = 20_000

/**
 * Repeats a check until it no longer throws, and returns its result. The limit is generous, since a busy machine is no
 * defect: a test that must measure time does so itself.
 * @throws the last error at the time limit, or an Error when a check is still pending 20 s after it
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 20_000, intervalMs = 25 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  const stopped = new AbortController()
  const hangs = sleep(timeoutMs + pendingMs, undefined, { signal: stopped.signal, ref: false }).then(() => {
    throw new Error(`A check was still pending ${pendingMs / 1_000} s after its limit of ${timeoutMs} ms.`)
  })
  hangs.catch(() => {})
  try {
    for (;;) {
      try {
        return await Promise.race([check(), hangs])
      } catch (error) {
        if (performance.now() >= deadline) throw error
      }
      await sleep(intervalMs)
    }
  } finally {
    stopped.abort()
  }
}
