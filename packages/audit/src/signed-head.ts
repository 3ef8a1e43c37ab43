import { createHmac, timingSafeEqual } from 'node:crypto'
import type { KeyRing } from '@muster/config'

/** The end of the chain. */
export type ChainHead = {
  seq: number
  /** Hex. */
  hash: string
}

/** A head that went out to log and metric: kept elsewhere, it proves later that nothing before it was cut off. */
export type SignedHead = ChainHead & {
  keyId: string
  /** HMAC-SHA-256 in hex. */
  signature: string
}

/** @throws Error when the ring lacks its current key */
export function signHead(ring: KeyRing, head: ChainHead): SignedHead {
  const signature = signatureOf(ring, ring.currentId, head)
  if (!signature) throw new Error(`The ring of audit keys has no key "${ring.currentId}"`)
  return { ...head, keyId: ring.currentId, signature: signature.toString('hex') }
}

/** Whether a key of the ring signed this head. */
export function isHeadGenuine(ring: KeyRing, { signature, keyId, ...head }: SignedHead): boolean {
  const expected = signatureOf(ring, keyId, head)
  const given = Buffer.from(signature, 'hex')
  return expected !== undefined && given.length === expected.length && timingSafeEqual(given, expected)
}

function signatureOf(ring: KeyRing, keyId: string, { seq, hash }: ChainHead): Buffer | undefined {
  const key = ring.keys.get(keyId)
  return key && createHmac('sha256', key).update(`muster.audit.head.1\n${keyId}\n${seq}\n${hash}`).digest()
}
