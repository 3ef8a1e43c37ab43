import { maybe, z } from '../../lib/zod.ts'

/** A word in the address; anything else counts as missing, since people and programs mangle addresses. */
export const word = maybe(z.string())
