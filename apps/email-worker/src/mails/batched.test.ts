import { expect, test } from 'vitest'
import { batched } from './batched.ts'

/** Batches that end when they are told to, and what went into them. */
function gated(options?: Parameters<typeof batched>[1]) {
  const batches: { items: number[]; end: (error?: Error) => void }[] = []
  const call = batched<number, number>((items) => {
    const { promise, resolve, reject } = Promise.withResolvers<number[]>()
    batches.push({ items, end: (error) => (error ? reject(error) : resolve(items.map((item) => item * 10))) })
    return promise
  }, options)
  return { batches, call, contents: () => batches.map(({ items }) => items) }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('calls of one moment go together, and each gets its own result', async () => {
  const { batches, call, contents } = gated()
  const results = Promise.all([call(1), call(2), call(3)])
  await nextTurn()
  expect(contents()).toEqual([[1, 2, 3]])
  batches[0]?.end()
  expect(await results).toEqual([10, 20, 30])
})

test('what is asked for while all lanes are busy gathers and goes when one is free', async () => {
  const { batches, call, contents } = gated({ lanes: 2 })
  const results: Promise<number>[] = []
  for (let item = 1; item <= 5; item++) {
    results.push(call(item))
    await nextTurn()
  }
  expect(contents()).toEqual([[1], [2]])
  batches[1]?.end()
  await nextTurn()
  expect(contents()).toEqual([[1], [2], [3, 4, 5]])
  for (const { end } of batches) end()
  expect(await Promise.all(results)).toEqual([10, 20, 30, 40, 50])
})

test('a batch holds no more than it may', async () => {
  const { batches, call, contents } = gated({ lanes: 1, maxItems: 2 })
  const results = Promise.all([1, 2, 3].map(call))
  await nextTurn()
  batches[0]?.end()
  await nextTurn()
  batches[1]?.end()
  expect(await results).toEqual([10, 20, 30])
  expect(contents()).toEqual([[1, 2], [3]])
})

test('a batch that fails for one of its items is taken apart: only that one fails', async () => {
  const call = batched<number, number>(async (items) => {
    if (items.includes(2)) throw new Error('two')
    return items
  })
  const results = await Promise.allSettled([1, 2, 3].map(call))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('a batch that Postgres could not be asked fails as one, without asking again for each', async () => {
  let asked = 0
  const call = batched<number, number>(async () => {
    asked += 1
    throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  })
  const results = await Promise.allSettled([1, 2, 3].map(call))
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(asked).toBe(1)
})
