import { lacksRequiredFactor } from '@muster/policy'
import { expect, test } from 'vitest'
import { lacksFactor } from './required-factor.ts'

const factors = ['none', 'otp', 'totp'] as const

test.each(factors)('the pages say who would lack a required factor as the API decides it: %s', (required) => {
  for (const own of factors)
    expect(lacksFactor(own, required)).toBe(lacksRequiredFactor({ own_factor: own, required_factor: required }))
})
