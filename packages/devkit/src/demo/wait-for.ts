import { setTimeout as sleep } from 'node:timers/promises'
import { StartError } from '../start-error.ts'

const everyMs = 50

/** Asks again and again until there is an answer; errors of a single question count as none. */
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
      throw new StartError(`Waited ${timeoutMs / 1000} s in vain for ${what}.`, { cause: lastError })
    }
    await sleep(everyMs)
  }
}
