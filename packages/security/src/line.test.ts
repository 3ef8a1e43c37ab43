import { expect, test } from 'vitest'
import { createLine } from './line.ts'

test('no more than the allowed number run at once, in order of arrival, and a failure frees its place', async () => {
  const line = createLine({ maxParallel: 2, maxWaitMs: 5_000 })
  const started: number[] = []
  let running = 0
  let most = 0
  const work = (index: number) => async () => {
    started.push(index)
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    if (index % 3 === 0) throw new Error('fails')
    return index
  }
  // Twice, so that a place that was freed wrongly would show.
  for (let batch = 0; batch < 2; batch++) {
    started.length = 0
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => line.run(work(index))))
    expect(most).toBe(2)
    expect(started).toEqual(Array.from({ length: 20 }, (_, index) => index))
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(7)
  }
})
