import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { currentKey, type KeyRing, keyById } from './key-ring.ts'

/** The stored result of {@link seal}. */
export type Sealed = { keyId: string; sealed: Buffer }

const algorithm = 'aes-256-gcm'
const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

/**
 * Encrypts with the current key by AES-256-GCM (NIST SP 800-38D), with a random nonce each time.
 * @param context the owner of the value, e.g. `totp:<user id>`; a value that was moved to another owner does not open
 * @returns nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes), and the key's id
 */
export function seal(ring: KeyRing, plain: Uint8Array, context: string): Sealed {
  const { id, key } = currentKey(ring)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key.subarray(0, keyBytes), nonce).setAAD(Buffer.from(context))
  return { keyId: id, sealed: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]) }
}

/** Builds the context of a user's sealed authenticator secret, which does not open in another user's row. */
export const totpSealContext = (userId: string): string => `totp:${userId}`

/** Decrypts a sealed value. @throws Error when the ring lacks the key, or the value or its context was changed */
export function unseal(ring: KeyRing, { keyId, sealed }: Sealed, context: string): Buffer {
  const key = keyById(ring, keyId)
  if (!key) throw new Error(`The ring of encryption keys has no key "${keyId}"`)
  if (sealed.length < nonceBytes + tagBytes) throw new Error('The sealed value is too short.')
  const decipher = createDecipheriv(algorithm, key.subarray(0, keyBytes), sealed.subarray(0, nonceBytes))
    .setAAD(Buffer.from(context))
    .setAuthTag(sealed.subarray(-tagBytes))
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()])
}
