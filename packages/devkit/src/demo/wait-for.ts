import { setTimeout as sleep } from 'node:timers/promises'
import { StartError } from '@muster/supervisor'

const intervalMs = 50

/** Repeats a question until its answer is defined. An error counts as no answer. @throws StartError after the timeout */
export async function waitFor<T>(what: string, timeoutMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + timeoutMs
  let lastError: unknown
  for (;;) {
    const answer = await ask().catch((error: unknown) => {
      lastError = error
      return undefined
    })
    if (answer !== undefined) return answer
    if (Date.now() >= deadline) {
      throw new StartError(`Waited ${timeoutMs / 1000} s for ${what}, which did not happen in time.`, {
        cause: lastError,
      })
    }
    await sleep(intervalMs)
  }
}
