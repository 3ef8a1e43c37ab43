import { newUsername } from '@muster/identifiers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { displayName } from '../../accounts/accounts.schema.ts'
import { nameFrom, usernameFrom } from './names.ts'

test('any name claim is converted to a valid name and username', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.nat(9), (claim, round) => {
      const name = nameFrom(claim)
      if (name !== undefined) {
        expect(displayName.parse(name)).toBe(name)
        expect([...name].length).toBeLessThanOrEqual(100)
      }
      const made = usernameFrom(name, round)
      expect(newUsername.parse(made)).toBe(made)
    }),
  )
})

test('a username consists of the name’s letters; each further one has another suffix', () => {
  expect(usernameFrom('Grace Brewster Murray Hopper, PhD', 0)).toBe('grace_brewster_murray_hopper_p')
  expect(usernameFrom('Ægir Ø. Þórsson-Łuk', 0)).toMatch(/^[a-z0-9_]+$/)
  expect(usernameFrom('Grace Brewster Murray Hopper, PhD', 1)).toMatch(
    /^grace_brewster_murray_hop_?[a-z0-9_]*_[a-z0-9]{4}$/,
  )
  const others = new Set(Array.from({ length: 50 }, (_, index) => usernameFrom('Kim', index + 1)))
  expect(others.size).toBeGreaterThan(45)
})
