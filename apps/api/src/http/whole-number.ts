import { z } from 'zod'

/** A whole number in a query: decimal digits and nothing else, where `Number` would also read `1e2`, `0x10` and spaces. */
export function wholeNumber({ min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number }) {
  return z.preprocess(
    (given) => (typeof given === 'string' && /^-?\d+$/.test(given) ? clamp(Number(given)) : given),
    z.int('is not a whole number').min(min, `is less than ${min}`).max(max, `is more than ${max}`),
  )
}

/** Beyond that it would be told that it is not whole. */
const clamp = (value: number) => Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value))
