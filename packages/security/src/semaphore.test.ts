import { expect, test } from 'vitest'
import { createKeyedSemaphore, createSemaphore } from './semaphore.ts'

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

test('tasks of one key wait for each other, and those of another do not', async () => {
  const semaphore = createKeyedSemaphore({ maxParallel: 1, maxWaitMs: 5_000, timeoutError: () => new Error('waited') })
  const held = Promise.withResolvers<void>()
  const order: string[] = []
  const first = semaphore.run('a', async () => {
    await held.promise
    order.push('first of a')
  })
  const second = semaphore.run('a', async () => void order.push('second of a'))
  await semaphore.run('b', async () => void order.push('first of b'))
  held.resolve()
  await Promise.all([first, second])
  expect(order).toEqual(['first of b', 'first of a', 'second of a'])
})
