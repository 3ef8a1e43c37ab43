import type { KeyRing } from '@muster/security/key-ring'
import { isSigned, sign } from './sign.ts'

/** The end of the chain. */
export type ChainHead = {
  seq: number
  /** Hex. */
  hash: string
}

/** A head that is announced in log, metric and Redis. A copy outside Postgres proves later that no row before it was cut off. */
export type SignedHead = ChainHead & {
  keyId: string
  /** HMAC-SHA-256 in hex. */
  signature: string
}

const statementOf = ({ seq, hash }: ChainHead) => ({ label: 'muster.audit.head.1', parts: [seq, hash] })

/** Signs a head with the current key. @throws Error when the ring lacks it */
export function signHead(ring: KeyRing, { seq, hash }: ChainHead): SignedHead {
  const { keyId, signature } = sign(ring, statementOf({ seq, hash }))
  return { seq, hash, keyId, signature: signature.toString('hex') }
}

/** Tests whether a key of the ring signed the head. */
export const isHeadGenuine = (ring: KeyRing, { signature, keyId, ...head }: SignedHead): boolean =>
  isSigned(ring, keyId, statementOf(head), Buffer.from(signature, 'hex'))

/** Formats a head as `seq.hash.keyId.signature`, one word for URLs and command lines. */
export const formatHead = ({ seq, hash, keyId, signature }: SignedHead): string =>
  [seq, hash, keyId, signature].join('.')

/** Parses the format of {@link formatHead}, without verifying the signature. @returns undefined for other text */
export function parseHead(text: string): SignedHead | undefined {
  const [, seq, hash, keyId, signature] =
    /^(\d{1,15})\.([0-9a-f]{64})\.([a-z0-9_-]{1,16})\.([0-9a-f]{64})$/.exec(text) ?? []
  return hash && keyId && signature ? { seq: Number(seq), hash, keyId, signature } : undefined
}
