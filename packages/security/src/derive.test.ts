import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deriveCode, deriveToken, matchesCode } from './derive.ts'

const first = Buffer.alloc(32, 1)
const second = Buffer.alloc(32, 2)
const ring = {
  currentId: 'b',
  keys: new Map([
    ['b', second],
    ['a', first],
  ]),
}
const code = { purpose: 'register-code', rowId: '0199d9a0-0000-7000-8000-000000000001', version: 1 }

test('a code is six digits, the same whenever it is recomputed', () => {
  expect(deriveCode(ring, code)).toMatch(/^\d{6}$/)
  expect(deriveCode(ring, code)).toBe(deriveCode(ring, code))
})

test('a code stays valid under its key after a rotation of the ring', () => {
  const before = deriveCode({ currentId: 'a', keys: new Map([['a', first]]) }, code)
  expect(deriveCode(ring, code)).not.toBe(before)
  expect(deriveCode(ring, { ...code, keyId: 'a' })).toBe(before)
  expect(() => deriveCode(ring, { ...code, keyId: 'gone' })).toThrow('no key "gone"')
})

test('another purpose, row or version gives another token', () => {
  const tokens = [
    code,
    { ...code, purpose: 'login-code' },
    { ...code, rowId: `${code.rowId}0` },
    { ...code, version: 2 },
  ].map((derivation) => deriveToken(ring, derivation))
  expect(new Set(tokens).size).toBe(4)
  for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32)
})

test('moving a character to the next part gives another token', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), (purpose, rowId) => {
      const moved = { purpose: purpose.slice(0, -1), rowId: purpose.slice(-1) + rowId, version: 1 }
      return deriveToken(ring, { purpose, rowId, version: 1 }) !== deriveToken(ring, moved)
    }),
  )
})

test('a token is the HMAC-SHA-256 over its length-prefixed parts', () => {
  const prefixed = ['p', 'row', '7'].flatMap((part) => [Buffer.from([0, 0, 0, part.length]), Buffer.from(part)])
  const expected = createHmac('sha256', second).update(Buffer.concat(prefixed)).digest('base64url')
  expect(deriveToken(ring, { purpose: 'p', rowId: 'row', version: 7 })).toBe(expected)
})

test('codes are spread evenly over their range', () => {
  const buckets = new Array<number>(10).fill(0)
  for (let version = 0; version < 10_000; version++) {
    const bucket = Math.floor(Number(deriveCode(ring, { ...code, version })) / 100_000)
    buckets[bucket] = (buckets[bucket] ?? 0) + 1
  }
  // The derivation is fixed, so this either always holds or never; 150 is five standard deviations.
  for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150)
})

test('only the identical code matches', () => {
  expect(matchesCode('012345', '012345')).toBe(true)
  for (const wrong of ['12345', '0123456', '012346', '', ' 012345']) expect(matchesCode('012345', wrong)).toBe(false)
})
