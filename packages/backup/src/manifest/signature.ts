import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { currentKey, type KeyRing, keyById } from '@muster/security/key-ring'

const label = 'muster.backup.1'
const form = /^([a-z0-9_-]{1,16})\.([0-9a-f]{64})\n?$/

/** Signs the bytes of a manifest with the current audit key, as `keyId.signature`: HMAC-SHA-256 in hex. */
export function signManifest(ring: KeyRing, bytes: Buffer): string {
  const { id, key } = currentKey(ring)
  return `${id}.${macOf(key, id, bytes).toString('hex')}`
}

/** Judges a signature: `unknown-key` when the ring lacks the key that it names. */
export function judgeSignature(ring: KeyRing, bytes: Buffer, signature: string): Judgement {
  const [, keyId, hex] = form.exec(signature) ?? []
  if (!keyId || !hex) return { state: 'wrong' }
  const key = keyById(ring, keyId)
  if (!key) return { state: 'unknown-key', keyId }
  return timingSafeEqual(Buffer.from(hex, 'hex'), macOf(key, keyId, bytes)) ? { state: 'good' } : { state: 'wrong' }
}

export type Judgement = { state: 'good' | 'wrong' } | { state: 'unknown-key'; keyId: string }

function macOf(key: Buffer, keyId: string, bytes: Buffer): Buffer {
  const digest = createHash('sha256').update(bytes).digest('hex')
  return createHmac('sha256', key).update([label, keyId, digest].join('\n')).digest()
}
