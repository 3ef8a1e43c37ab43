import { createHash, timingSafeEqual } from 'node:crypto'
import { currentKey, type KeyRing, keyById } from './key-ring.ts'
import { macOver } from './mac.ts'

/** What a derived secret stands for. A higher version makes another secret for the same row, and the old one worthless. */
export type Derivation = {
  /** Keeps secrets for different uses apart, e.g. `register-code`. */
  purpose: string
  rowId: string
  version: number
  /** The key that made it, as noted beside the row; the current one when left out. */
  keyId?: string
}

const maxDigits = 15

/**
 * A numeric code that only its receiver may know, recomputed instead of stored.
 * It is 64 bits of HMAC-SHA-256(key, purpose ‖ row id ‖ version) modulo 10^digits: the bias is below 2^-44 for 6 digits.
 * @returns exactly `digits` digits, zero-padded (6 unless told otherwise, at most 15)
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
 * A 256-bit token that only its receiver may know, recomputed instead of stored.
 * @returns HMAC-SHA-256(key, purpose ‖ row id ‖ version) in base64url, 43 characters
 * @throws Error when the ring holds no key `keyId`
 */
export function deriveToken(ring: KeyRing, derivation: Derivation): string {
  return derive(ring, derivation).toString('base64url')
}

/** Compares a code or token with the expected one; the time tells nothing about where they differ, nor of the length. */
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
