import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { currentKey, type KeyRing, keyById } from './key-ring.ts'

/** What {@link seal} made, as it is stored. */
export type Sealed = { keyId: string; sealed: Buffer }

const algorithm = 'aes-256-gcm'
const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

/**
 * Encrypts with the current key by AES-256-GCM (NIST SP 800-38D), a random nonce each time.
 * @param context what the value belongs to, e.g. `totp:<user id>`: a value moved elsewhere does not open
 * @returns nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes), and the key's id
 */
export function seal(ring: KeyRing, plain: Uint8Array, context: string): Sealed {
  const { id, key } = currentKey(ring)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key.subarray(0, keyBytes), nonce).setAAD(Buffer.from(context))
  return { keyId: id, sealed: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]) }
}

/** What the sealed secret of a user's authenticator app belongs to: moved to another user's row it does not open. */
export const totpSealContext = (userId: string): string => `totp:${userId}`

/** @throws Error when the key is unknown, or the value or its context is not what was sealed */
export function unseal(ring: KeyRing, { keyId, sealed }: Sealed, context: string): Buffer {
  const key = keyById(ring, keyId)
  if (!key) throw new Error(`The ring of encryption keys has no key "${keyId}"`)
  if (sealed.length < nonceBytes + tagBytes) throw new Error('This is shorter than anything that was sealed')
  const decipher = createDecipheriv(algorithm, key.subarray(0, keyBytes), sealed.subarray(0, nonceBytes))
    .setAAD(Buffer.from(context))
    .setAuthTag(sealed.subarray(-tagBytes))
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()])
}
