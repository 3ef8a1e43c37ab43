import { expect, test } from 'vitest'
import { createSemaphore } from './semaphore.ts'

test('at most maxParallel tasks run at once, in order of arrival, and a failed task frees its slot', async () => {
  const semaphore = createSemaphore({ maxParallel: 2, maxWaitMs: 5_000, timeoutError: () => new Error('waited') })
  const started: number[] = []
  let running = 0
  let most = 0
  const task = (index: number) => async () => {
    started.push(index)
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    if (index % 3 === 0) throw new Error('fails')
    return index
  }
  // A slot that the first batch failed to release would show in the second.
  for (let batch = 0; batch < 2; batch++) {
    started.length = 0
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => semaphore.run(task(index))))
    expect(most).toBe(2)
    expect(started).toEqual(Array.from({ length: 20 }, (_, index) => index))
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(7)
  }
})
