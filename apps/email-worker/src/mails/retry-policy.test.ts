import { expect, test } from 'vitest'
import { backoffMs, nextAttemptAt } from './retry-policy.ts'

const hourMs = 3_600_000
const createdAt = new Date('2026-11-20T12:00:00Z')
const after = (ms: number) => new Date(createdAt.getTime() + ms)

test('delays double from 1–2 s to 7.5–15 min', () => {
  const ranges = [1, 2, 3, 10, 100].map((attempts) => [backoffMs(attempts, () => 0), backoffMs(attempts, () => 1)])
  expect(ranges).toEqual([
    [1_000, 2_000],
    [2_000, 4_000],
    [4_000, 8_000],
    [450_000, 900_000],
    [450_000, 900_000],
  ])
})

test('there is no attempt later than 24 hours after the mail was created', () => {
  const mail = { attempts: 50, createdAt, expiresAt: null }
  expect(nextAttemptAt(mail, after(23 * hourMs), () => 1)).toEqual(after(23.25 * hourMs))
  expect(nextAttemptAt(mail, after(23.9 * hourMs), () => 1)).toBeUndefined()
})

test('the last attempt for a mail that expires is at its expiry', () => {
  const mail = { attempts: 50, createdAt, expiresAt: after(300_000) }
  expect(nextAttemptAt(mail, after(60_000), () => 1)).toEqual(after(300_000))
})
