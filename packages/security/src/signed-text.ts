import { matchesCode } from './derive.ts'
import { currentKey, type KeyRing, keyById } from './key-ring.ts'
import { macOver } from './mac.ts'

const shape = /^([a-z0-9_-]{1,16})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/

/**
 * Signs a text that returns from an untrusted place, e.g. a cookie.
 * @param purpose separates texts for different uses, which the same key signs
 * @returns `<key id>.<text in base64url>.<HMAC-SHA-256 in base64url>`
 */
export function signText(ring: KeyRing, purpose: string, text: string): string {
  const { id, key } = currentKey(ring)
  return `${id}.${Buffer.from(text).toString('base64url')}.${macOver(key, [purpose, text]).toString('base64url')}`
}

/** Verifies and reads a text of {@link signText}. @returns undefined when it is malformed, changed or for another purpose */
export function readSignedText(ring: KeyRing, purpose: string, signed: string): string | undefined {
  const [, id = '', encoded = '', mac = ''] = shape.exec(signed) ?? []
  const key = keyById(ring, id)
  if (!key) return undefined
  const text = Buffer.from(encoded, 'base64url').toString()
  return matchesCode(macOver(key, [purpose, text]).toString('base64url'), mac) ? text : undefined
}
