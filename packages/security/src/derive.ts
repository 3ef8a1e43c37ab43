import { createHash, timingSafeEqual } from 'node:crypto'
import { currentKey, type KeyRing, keyById } from './key-ring.ts'
import { macOver } from './mac.ts'

/** Identifies a derived secret. A higher version gives the same row another secret and invalidates the old one. */
export type Derivation = {
  /** Separates secrets for different uses, e.g. `register-code`. */
  purpose: string
  rowId: string
  version: number
  /** The id of the key that derived it, from the row; defaults to the current key. */
  keyId?: string
}

const maxDigits = 15

/**
 * Derives a numeric code, which is recomputed instead of stored: 64 bits of HMAC-SHA-256(key, purpose ‖ row id ‖ version) modulo
 * 10^digits. The bias is below 2^-44 for 6 digits.
 * @returns exactly `digits` digits, zero-padded (6 by default, at most 15)
 * @throws Error when the ring holds no key `keyId`
 */
export function deriveCode(ring: KeyRing, { digits = 6, ...derivation }: Derivation & { digits?: number }): string {
  if (!Number.isInteger(digits) || digits < 1 || digits > maxDigits) {
    throw new RangeError(`A code has 1 to ${maxDigits} digits, not ${digits}`)
  }
  const number = derive(ring, derivation).readBigUInt64BE() % 10n ** BigInt(digits)
  return number.toString().padStart(digits, '0')
}

/**
 * Derives a 256-bit token, which is recomputed instead of stored.
 * @returns HMAC-SHA-256(key, purpose ‖ row id ‖ version) in base64url, 43 characters
 * @throws Error when the ring holds no key `keyId`
 */
export function deriveToken(ring: KeyRing, derivation: Derivation): string {
  return derive(ring, derivation).toString('base64url')
}

/** Compares a code or token with the expected one in constant time, for any lengths. */
export function matchesCode(expected: string, given: string): boolean {
  return timingSafeEqual(digest(expected), digest(given))
}

function derive(ring: KeyRing, { purpose, rowId, version, keyId = currentKey(ring).id }: Derivation): Buffer {
  const key = keyById(ring, keyId)
  if (!key) throw new Error(`The ring of mail code keys has no key "${keyId}"`)
  if (!Number.isSafeInteger(version)) throw new RangeError(`A version is a whole number, not ${version}`)
  return macOver(key, [purpose, rowId, String(version)])
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}
