import { expect, test } from 'vitest'
import { createCorrectedClock, newId } from './index.ts'

test('a corrected clock has the time of Postgres, whatever the system clock says', () => {
  let systemMs = 5_000_000
  let monotonicMs = 100
  const clock = createCorrectedClock({ systemMs: () => systemMs, monotonicMs: () => monotonicMs })
  expect(clock.now().getTime()).toBe(5_000_000)

  clock.correct({ databaseMs: 9_000_000, systemMs, monotonicMs, uncertaintyMs: 1 })
  systemMs = 0
  monotonicMs = 350
  expect(clock.now().getTime()).toBe(9_000_250)
  expect(clock.hasStepped()).toBe(true)
})

test('ids that are made one after another sort in this order', () => {
  const ids = Array.from({ length: 1_000 }, newId)
  expect(ids).toEqual(ids.toSorted())
})
