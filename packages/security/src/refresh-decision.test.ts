import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decideRefresh,
  type RefreshDecision,
  refreshGraceMs,
  type SessionState,
  sessionExpiry,
} from './refresh-decision.ts'

const at = (ms: number) => new Date(Date.UTC(2026, 10, 20) + ms)
const dayMs = 86_400_000
const newSession = (): SessionState => ({
  n: 0,
  rotatedAt: at(0),
  successorSeen: false,
  expiresAt: at(90 * dayMs),
  revokedAt: null,
})

/** Simulates the row in Postgres: one UPDATE wins, the others change nothing. */
function applyTo(row: SessionState, decision: RefreshDecision, presentedN: number, now: Date): { won: boolean } {
  if (decision.outcome === 'rotate') {
    if (row.n !== presentedN || row.revokedAt) return { won: false }
    Object.assign(row, { n: row.n + 1, rotatedAt: now, successorSeen: false })
  }
  if (decision.outcome === 'current-young' && decision.markSeen && row.n === presentedN) row.successorSeen = true
  if (decision.outcome === 'reuse') row.revokedAt ??= now
  return { won: true }
}

/** Refreshes like the API. At each `pause` another request may run. */
async function refresh(row: SessionState, presentedN: number, now: Date, pause: () => Promise<void>) {
  for (;;) {
    await pause()
    const decision = decideRefresh({ session: { ...row }, presentedN, now })
    await pause()
    if (applyTo(row, decision, presentedN, now).won) return decision
  }
}

test('fifty concurrent refreshes cause one rotation and all get the same successor, in any order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: refreshGraceMs, max: 5 * dayMs }), async (scheduler, ageMs) => {
      const row = newSession()
      const answers = Array.from({ length: 50 }, () =>
        refresh(row, 0, at(ageMs), () => scheduler.schedule(Promise.resolve())),
      )
      await scheduler.waitIdle()
      const decisions = await Promise.all(answers)
      expect(decisions.filter(({ outcome }) => outcome === 'rotate')).toHaveLength(1)
      expect(decisions.map((decision) => 'answerN' in decision && decision.answerN)).toEqual(new Array(50).fill(1))
      expect(row).toMatchObject({ n: 1, revokedAt: null })
    }),
    { numRuns: 50 },
  )
})

type Event = { waitMs: number; back: number }

/**
 * A model of a session as product.md specifies it: its tokens, when each was issued, and whether it was presented. It
 * has none of the counters and flags of the row.
 */
function model() {
  const tokens = [{ madeAt: 0, shown: false }]
  let over = false
  return (index: number, now: number): number | 'refused' => {
    const newest = tokens.length - 1
    const current = tokens[newest]
    const token = tokens[index]
    if (over || !current || !token) return 'refused'
    const age = now - current.madeAt
    if (index === newest) {
      token.shown = true
      if (age < 10_000) return newest
      tokens.push({ madeAt: now, shown: false })
      return newest + 1
    }
    if (index === newest - 1 && (age < 10_000 || !current.shown)) return newest
    over = true
    return 'refused'
  }
}

const event: fc.Arbitrary<Event> = fc.record({
  waitMs: fc.oneof(fc.constantFrom(0, 1, 9_999, 10_000, 10_001), fc.integer({ min: 0, max: 60_000 })),
  back: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(0, 1) }, fc.constantFrom(2, 3, -1)),
})

test('every history of refreshes has the outcomes of the model', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const row = newSession()
      const expected = model()
      let now = 0
      for (const { waitMs, back } of events) {
        now += waitMs
        const presentedN = Math.max(0, row.n - back)
        const decision = decideRefresh({ session: row, presentedN, now: at(now) })
        applyTo(row, decision, presentedN, at(now))
        expect('answerN' in decision ? decision.answerN : 'refused').toBe(expected(presentedN, now))
      }
    }),
    { numRuns: 1_000 },
  )
})

test('after a lost response the predecessor gets its successor, until that one is presented', () => {
  const session = { ...newSession(), n: 4 }
  expect(decideRefresh({ session, presentedN: 3, now: at(3 * dayMs) })).toEqual({
    outcome: 'replay-successor',
    answerN: 4,
  })
})

test('the predecessor of a presented token is reuse after the grace, and an older token at once', () => {
  const session = { ...newSession(), n: 4, successorSeen: true }
  expect(decideRefresh({ session, presentedN: 3, now: at(9_999) }).outcome).toBe('replay-successor')
  expect(decideRefresh({ session, presentedN: 3, now: at(10_000) }).outcome).toBe('reuse')
  expect(decideRefresh({ session, presentedN: 2, now: at(0) }).outcome).toBe('reuse')
})

test('only the first use of a young token marks it as seen', () => {
  const session = newSession()
  expect(decideRefresh({ session, presentedN: 0, now: at(5) })).toMatchObject({
    outcome: 'current-young',
    markSeen: true,
  })
  session.successorSeen = true
  expect(decideRefresh({ session, presentedN: 0, now: at(5) })).toMatchObject({
    outcome: 'current-young',
    markSeen: false,
  })
})

test('a request with a clock behind the rotation counts as within the grace', () => {
  const session = { ...newSession(), n: 1, rotatedAt: at(60_000), successorSeen: true }
  expect(decideRefresh({ session, presentedN: 0, now: at(0) }).outcome).toBe('replay-successor')
})

test('a revoked or expired session stays ended, and none of its tokens is reuse', () => {
  for (const presentedN of [0, 1, 2]) {
    const over = { ...newSession(), n: 2, expiresAt: at(1_000) }
    expect(decideRefresh({ session: over, presentedN, now: at(1_000) }).outcome).toBe('expired')
    expect(decideRefresh({ session: { ...over, revokedAt: at(1) }, presentedN, now: at(1) }).outcome).toBe('revoked')
  }
})

test('a number that the row never issued is refused without a revocation', () => {
  expect(decideRefresh({ session: newSession(), presentedN: 1, now: at(0) }).outcome).toBe('unknown')
})

test('a session ends 7 days after its last use, 30 when remembered, and always 90 after sign-in', () => {
  const expiry = (rememberMe: boolean, day: number) =>
    (sessionExpiry({ createdAt: at(0), now: at(day * dayMs), rememberMe }).getTime() - at(0).getTime()) / dayMs
  expect([expiry(false, 0), expiry(true, 0), expiry(false, 85), expiry(true, 70)]).toEqual([7, 30, 90, 90])
})
