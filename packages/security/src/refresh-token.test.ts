import { expect, test } from 'vitest'
import { issueRefreshToken, newSessionSeed, parseRefreshToken, verifyRefreshToken } from './refresh-token.ts'

const ring = (...ids: string[]) => ({
  currentId: ids[0] ?? '',
  keys: new Map(ids.map((id) => [id, Buffer.alloc(32, id)])),
})
const session = { id: '0199d9a0-0000-7000-8000-000000000001', seed: newSessionSeed() }

const accepts = (keys: ReturnType<typeof ring>, token: string, of = session) => {
  const parsed = parseRefreshToken(token)
  return parsed !== undefined && verifyRefreshToken(keys, parsed, of)
}

test('a token proves its session and number, and is the same each time it is issued', () => {
  const token = issueRefreshToken(ring('k1'), session, 7)
  expect(token).toMatch(/^k1\.0199d9a0-0000-7000-8000-000000000001\.7\.[\w-]{43}$/)
  expect(issueRefreshToken(ring('k1'), session, 7)).toBe(token)
  expect(parseRefreshToken(token)).toMatchObject({ keyId: 'k1', sessionId: session.id, n: 7 })
  expect(accepts(ring('k1'), token)).toBe(true)
})

test('no part of a token can be changed', () => {
  const token = issueRefreshToken(ring('k1', 'k2'), session, 7)
  const [keyId, sessionId, n, mac] = token.split('.')
  const changed = [
    `k2.${sessionId}.${n}.${mac}`,
    `${keyId}.${sessionId?.replace(/1$/, '2')}.${n}.${mac}`,
    `${keyId}.${sessionId}.8.${mac}`,
    `${keyId}.${sessionId}.${n}.${mac?.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'))}`,
  ]
  for (const forged of changed) expect(accepts(ring('k1', 'k2'), forged)).toBe(false)
  expect(accepts(ring('k1'), token, { ...session, seed: newSessionSeed() })).toBe(false)
})

test('an older key of the ring still verifies tokens, a removed one does not', () => {
  const token = issueRefreshToken(ring('old'), session, 1)
  expect(accepts(ring('new', 'old'), token)).toBe(true)
  expect(accepts(ring('new'), token)).toBe(false)
})

test.each([
  '',
  '....',
  'k1.not-a-uuid.1.x',
  `k1.${session.id}.01.${'A'.repeat(43)}`,
  `k1.${session.id}.-1.${'A'.repeat(43)}`,
  `k1.${session.id}.1.short`,
])('malformed text is refused: %j', (text) => {
  expect(parseRefreshToken(text)).toBeUndefined()
})
