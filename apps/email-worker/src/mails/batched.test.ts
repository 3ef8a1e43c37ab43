import { expect, test } from 'vitest'
import { batched } from './batched.ts'

/** Batches that the test ends, and the items of each. */
function heldBatches(options?: Parameters<typeof batched>[1]) {
  const batches: { items: readonly number[]; end: (error?: Error) => void }[] = []
  const call = batched<number, number>((items) => {
    const { promise, resolve, reject } = Promise.withResolvers<number[]>()
    batches.push({ items, end: (error) => (error ? reject(error) : resolve(items.map((item) => item * 10))) })
    return promise
  }, options)
  return { batches, call, contents: () => batches.map(({ items }) => items) }
}

const nextTick = () => new Promise<void>((resolve) => setImmediate(resolve))

test('calls of the same tick share a batch, and each gets its own result', async () => {
  const { batches, call, contents } = heldBatches()
  const results = Promise.all([call(1), call(2), call(3)])
  await nextTick()
  expect(contents()).toEqual([[1, 2, 3]])
  batches[0]?.end()
  expect(await results).toEqual([10, 20, 30])
})

test('calls made at the concurrency limit share the next batch', async () => {
  const { batches, call, contents } = heldBatches({ concurrency: 2 })
  const results: Promise<number>[] = []
  for (let item = 1; item <= 5; item++) {
    results.push(call(item))
    await nextTick()
  }
  expect(contents()).toEqual([[1], [2]])
  batches[1]?.end()
  await nextTick()
  expect(contents()).toEqual([[1], [2], [3, 4, 5]])
  for (const { end } of batches) end()
  expect(await Promise.all(results)).toEqual([10, 20, 30, 40, 50])
})

test('a batch has at most maxItems items', async () => {
  const { batches, call, contents } = heldBatches({ concurrency: 1, maxItems: 2 })
  const results = Promise.all([1, 2, 3].map(call))
  await nextTick()
  batches[0]?.end()
  await nextTick()
  batches[1]?.end()
  expect(await results).toEqual([10, 20, 30])
  expect(contents()).toEqual([[1, 2], [3]])
})

test('when one item makes a batch fail, only that item fails', async () => {
  const call = batched<number, number>(async (items) => {
    if (items.includes(2)) throw new Error('two')
    return items
  })
  const results = await Promise.allSettled([1, 2, 3].map(call))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('a batch fails as a whole when Postgres is unavailable, without a query for each item', async () => {
  let queries = 0
  const call = batched<number, number>(async () => {
    queries += 1
    throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  })
  const results = await Promise.allSettled([1, 2, 3].map(call))
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(queries).toBe(1)
})
