import { createHmac } from 'node:crypto'
import type { KeyRing } from '@muster/security/key-ring'

/** Computes a fingerprint that is equal for keys with equal HMACs: HMAC pads short keys with zeros and hashes long ones (RFC 2104). */
export const fingerprintOf = (key: Buffer): string => createHmac('sha256', key).digest('base64')

/**
 * Finds keys that are in two rings: a value that is made for one purpose would be valid for the other.
 * @returns a message for each, without the key
 */
export function findSharedKeys(rings: ReadonlyMap<string, Pick<KeyRing, 'keys'>>): string[] {
  const owners = new Map<string, { ring: string; id: string }>()
  const faults: string[] = []
  for (const [ring, { keys }] of rings) {
    for (const [id, key] of keys) {
      const fingerprint = fingerprintOf(key)
      const owner = owners.get(fingerprint)
      if (owner && owner.ring !== ring)
        faults.push(`${ring}: the key "${id}" is also "${owner.id}" of ${owner.ring}; each ring needs keys of its own`)
      else owners.set(fingerprint, { ring, id })
    }
  }
  return faults
}
