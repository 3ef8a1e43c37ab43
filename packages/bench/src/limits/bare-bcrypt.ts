import { availableParallelism } from 'node:os'
import bcrypt from 'bcrypt'
import { answer } from '../answer.ts'

/** Compares a password with its hash on all cores for `seconds`. Answers with comparisons per second. */
export type Comparing = { cost: number; seconds: number }

answer<Comparing, number>(async ({ cost, seconds }) => {
  const password = 'a bench stands in the park'
  const hash = await bcrypt.hash(password, cost)
  const startMs = performance.now()
  const endMs = startMs + seconds * 1_000
  let compared = 0
  const keepComparing = async () => {
    while (performance.now() < endMs) {
      await bcrypt.compare(password, hash)
      compared++
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, keepComparing))
  return (compared * 1_000) / (performance.now() - startMs)
})
