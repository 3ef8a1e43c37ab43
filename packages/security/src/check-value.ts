import { macOver } from './mac.ts'

/**
 * Derives what is kept of a key to recognise it: HMAC-SHA-256 of a fixed label. It tells nothing about a key of 256 random
 * bits, signs nothing that is accepted anywhere, and is equal for equal keys whatever their ring and id.
 */
export const checkValueOf = (key: Buffer): Buffer => macOver(key, ['muster.key-check.1'])
