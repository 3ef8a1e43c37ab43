import { macOver } from './mac.ts'

/**
 * Derives the value that is stored to recognise a key: HMAC-SHA-256 of a fixed label. It reveals nothing about a key of 256 random
 * bits, is not a valid signature of anything, and is equal for equal keys in any ring under any id.
 */
export const checkValueOf = (key: Buffer): Buffer => macOver(key, ['muster.key-check.1'])
