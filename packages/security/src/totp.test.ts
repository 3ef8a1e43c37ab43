import { expect, test } from 'vitest'
import { describeTotp, newTotpSecret, totpCode, totpStep } from './totp.ts'

const secret = Buffer.from('12345678901234567890')
const at = (seconds: number) => new Date(seconds * 1_000)

// The last six of the eight digits in appendix B.
test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_234_567_890, '005924'],
  [20_000_000_000, '353130'],
])('the code at %i s is that of RFC 6238', (seconds, code) => {
  expect(totpCode(secret, at(seconds))).toBe(code)
  expect(totpStep(secret, code, at(seconds))).toBe(Math.floor(seconds / 30))
})

test('a code is accepted at most one step early or late, and belongs to its own step', () => {
  const code = totpCode(secret, at(1_000_000))
  const own = Math.floor(1_000_000 / 30)
  expect([-60, -30, 0, 30, 60].map((seconds) => totpStep(secret, code, at(1_000_000 + seconds)))).toEqual([
    undefined,
    own,
    own,
    own,
    undefined,
  ])
})

test('text other than six digits is refused without an exception', () => {
  const now = at(59)
  for (const code of ['', '28708', '2870820', '28708२', 'abcdef', ' 287082', '287082\n'])
    expect(totpStep(secret, code, now)).toBeUndefined()
})

test('a secret has 160 random bits, and apps can read its text and its QR code', () => {
  const made = newTotpSecret()
  expect(made).toHaveLength(20)
  expect(newTotpSecret().equals(made)).toBe(false)
  const { secret: text, otpauthUrl } = describeTotp(made, { issuer: 'Muster', label: 'ada@example.com' })
  expect(text).toMatch(/^[A-Z2-7]{32}$/)
  const url = new URL(otpauthUrl)
  expect([url.protocol, url.host, decodeURIComponent(url.pathname)]).toEqual([
    'otpauth:',
    'totp',
    '/Muster:ada@example.com',
  ])
  expect(Object.fromEntries(url.searchParams)).toEqual({
    issuer: 'Muster',
    secret: text,
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  })
})
