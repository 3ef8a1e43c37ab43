import { dictionary } from '@zxcvbn-ts/language-common'
import { expect, test } from 'vitest'
import { passwordFaults } from './password-policy.ts'

test('the 3000 most common passwords that the policy would let pass, and more, are refused in any case', () => {
  const asPolicyWants = dictionary['passwords-common']
    .filter((password) => password.length >= 8 && /\d/.test(password) && (password.match(/[a-z]/g)?.length ?? 0) > 1)
    .map((password) => password.replace(/[a-z]/, (letter) => letter.toUpperCase()))
  expect(asPolicyWants.length).toBeGreaterThan(3_000)
  const faultsOf = (password: string) => passwordFaults(password, { email: 'a@example.test' }).map(({ rule }) => rule)
  const faults = new Set(asPolicyWants.flatMap(faultsOf))
  expect([...faults]).toEqual(['uncommon'])
  const isTaken = (password: string) => faultsOf(password).length === 0
  expect(asPolicyWants.filter(isTaken)).toEqual([])
})
