import { newId } from '@muster/db'
import { isLongForm } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'

/** Neither a response nor its timing may reveal whether an e-mail has an account. */

/** The long form finds differences half as large. */
const pairs = isLongForm ? 400 : 100
const warmUps = 20
/** The share of slowest samples to discard on both sides: they are pauses of the machine. */
const keptShare = 0.9
/** The threshold of a significant difference: chance exceeds it once in 100,000 runs. */
const maxT = 4.5

let api: TestApp
let known: string[]

beforeAll(async () => {
  api = await buildTestApp()
  const passwordHash = await api.deps.passwords.hash('Right-1s-something-else')
  known = Array.from({ length: pairs + warmUps }, (_, number) => `somebody_${number}@example.test`)
  await api.db
    .insertInto('users')
    .values(
      known.map((email, number) => ({
        id: newId(),
        username: `somebody_${number}`,
        name: 'Some User',
        email,
        password_hash: passwordHash,
        role: 'operator',
      })),
    )
    .execute()
})
afterAll(() => api.close())

test.each([
  ['login', (email: string) => ({ email, password: 'Wr0ng-every-time' })],
  [
    'register',
    (email: string, number: number) => ({
      username: `newcomer_${email.length}_${number}`,
      name: 'Some User',
      email,
      password: 'Str0ng-Enough',
    }),
  ],
  ['forgot-password', (email: string) => ({ email })],
])(
  '%s has the same timing and headers for known and unknown e-mails',
  async (route, bodyFor) => {
    const ask = async (email: string, number: number) => {
      const startMs = performance.now()
      const answer = await api.connect().inject('POST', `/api/v1/auth/${route}`, bodyFor(email, number))
      return { durationMs: performance.now() - startMs, shape: shapeOf(answer) }
    }
    const timesMs: { known: number[]; unknown: number[] } = { known: [], unknown: [] }
    const shapes = new Set<string>()
    for (const [number, email] of known.entries()) {
      const sides = [
        ['known', email],
        ['unknown', `nobody_${route}_${number}@example.test`],
      ] as const
      // Alternates the order, so that neither side always comes second.
      for (const [side, address] of number % 2 ? sides : sides.toReversed()) {
        const { durationMs, shape } = await ask(address, number)
        shapes.add(shape)
        if (number >= warmUps) timesMs[side].push(durationMs)
      }
    }
    expect([...shapes]).toHaveLength(1)
    const t = welchT(kept(timesMs.known), kept(timesMs.unknown))
    expect(Math.abs(t)).toBeLessThan(maxT)
  },
  180_000,
)

function shapeOf({
  statusCode,
  headers,
  body,
}: {
  statusCode: number
  headers: Record<string, unknown>
  body: string
}): string {
  const compared = Object.entries(headers).filter(
    ([name]) => !['date', 'x-request-id', 'ratelimit-remaining', 'ratelimit-reset'].includes(name),
  )
  return JSON.stringify([statusCode, compared, body])
    .replace(/"requestId\\":\\"[^"]*"/, '')
    .replace(/muster_attempt_[^;]*/, '')
}

const kept = (valuesMs: number[]) =>
  valuesMs.toSorted((a, b) => a - b).slice(0, Math.floor(valuesMs.length * keptShare))

/** Computes Welch's t: the difference of the means in standard errors, for samples of unequal variance. */
function welchT(left: number[], right: number[]): number {
  const [a, b] = [momentsOf(left), momentsOf(right)]
  return (a.mean - b.mean) / Math.sqrt(a.variance / left.length + b.variance / right.length)
}

function momentsOf(values: number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return { mean, variance }
}
