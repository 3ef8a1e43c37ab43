import { createHmac, timingSafeEqual } from 'node:crypto'
import type { KeyRing } from '@muster/security/key-ring'

/** The content of a signature: a label for its purpose, then the parts, one per line. */
export type Statement = { label: string; parts: readonly (string | number)[] }

/** Signs a statement by HMAC-SHA-256 with the ring's current key. @throws Error when the ring lacks it */
export function sign(ring: KeyRing, statement: Statement): { keyId: string; signature: Buffer } {
  const signature = signatureOf(ring, ring.currentId, statement)
  if (!signature) throw new Error(`The ring of audit keys has no key "${ring.currentId}"`)
  return { keyId: ring.currentId, signature }
}

/** Tests whether the key with this id signed the statement. False when the ring lacks the key. */
export function isSigned(ring: KeyRing, keyId: string, statement: Statement, given: Buffer): boolean {
  const expected = signatureOf(ring, keyId, statement)
  return expected !== undefined && given.length === expected.length && timingSafeEqual(given, expected)
}

function signatureOf(ring: KeyRing, keyId: string, { label, parts }: Statement): Buffer | undefined {
  const key = ring.keys.get(keyId)
  return (
    key &&
    createHmac('sha256', key)
      .update([label, keyId, ...parts].join('\n'))
      .digest()
  )
}
