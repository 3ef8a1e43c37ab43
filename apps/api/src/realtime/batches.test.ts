import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBatches } from './batches.ts'

test('one batch is processed at a time, also when an item comes twice at once', async () => {
  const batches: string[][] = []
  let atOnce = 0
  let mostAtOnce = 0
  const process = createBatches<string>(async (items) => {
    batches.push([...items])
    mostAtOnce = Math.max(mostAtOnce, ++atOnce)
    await turn()
    atOnce--
  })
  const first = [process(['a']), process(['a'])]
  await Promise.resolve()
  // The first batch is under way.
  await Promise.all([...first, process(['b']), process(['c'])])
  expect(batches).toEqual([['a'], ['b', 'c']])
  expect(mostAtOnce).toBe(1)
})
