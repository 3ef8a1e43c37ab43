import { dictionary } from '@zxcvbn-ts/language-common'
import { expect, test } from 'vitest'
import { passwordFaults } from './password-policy.ts'

test('the 3000 most common passwords that the policy would let pass, and more, are refused in any case', () => {
  const asPolicyWants = dictionary['passwords-common']
    .filter((password) => password.length >= 8 && /\d/.test(password) && (password.match(/[a-z]/g)?.length ?? 0) > 1)
    .map((password) => password.replace(/[a-z]/, (letter) => letter.toUpperCase()))
  expect(asPolicyWants.length).toBeGreaterThan(3_000)
  const faults = new Set(asPolicyWants.flatMap((password) => passwordFaults(password, { email: 'a@example.test' })))
  expect([...faults]).toEqual(['is one of the most common passwords'])
  const isTaken = (password: string) => passwordFaults(password, { email: 'a@example.test' }).length === 0
  expect(asPolicyWants.filter(isTaken)).toEqual([])
})
