import { expect, test } from 'vitest'
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.ts'

test('ten different codes of 24 base32 characters in groups of four', () => {
  const codes = newRecoveryCodes()
  expect(new Set(codes).size).toBe(10)
  for (const code of codes) expect(code).toMatch(/^([a-z2-7]{4}-){5}[a-z2-7]{4}$/)
})

test('every character of the alphabet is used about as often', () => {
  const text = Array.from({ length: 100 }, () => newRecoveryCodes().join('').replaceAll('-', '')).join('')
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  expect(counts.size).toBe(32)
  // 750 each; 200 are more than seven standard deviations.
  for (const count of counts.values()) expect(Math.abs(count - 750)).toBeLessThan(200)
})

test('case and gaps do not change the hash, every other character does', () => {
  const [code = '', other = ''] = newRecoveryCodes()
  const kept = hashRecoveryCode(code)
  expect(kept).toHaveLength(32)
  for (const typed of [code.toUpperCase(), code.replaceAll('-', ''), ` ${code.replaceAll('-', ' ')} `])
    expect(hashRecoveryCode(typed)).toEqual(kept)
  expect(hashRecoveryCode(other)).not.toEqual(kept)
  for (const typed of ['', '123456', code.slice(1), `${code}a`, code.replace(/.$/, '1')])
    expect(hashRecoveryCode(typed)).toBeUndefined()
})
