import { randomBytes, timingSafeEqual } from 'node:crypto'
import { uuidPattern } from '@muster/identifiers'
import { currentKey, type KeyRing, keyById } from './key-ring.ts'
import { macOver } from './mac.ts'

/** The parts of a refresh token `kid.sid.n.mac`, unverified until `verifyRefreshToken`. */
export type RefreshToken = {
  keyId: string
  sessionId: string
  /** The number of rotations before it; the first token of a session has 0. */
  n: number
  mac: Buffer
}

const seedBytes = 32
const shape = new RegExp(`^([a-z0-9_-]{1,16})\\.(${uuidPattern})\\.(0|[1-9][0-9]{0,9})\\.([A-Za-z0-9_-]{43})$`)

/** Generates the secret of a new session row: 256 random bits. A token also needs a key of the ring. */
export function newSessionSeed(): Buffer {
  return randomBytes(seedBytes)
}

/** Issues the `n`-th token of a session, `kid.sid.n.HMAC(K, seed ‖ sid ‖ n)`. The same arguments give the same token. */
export function issueRefreshToken(ring: KeyRing, session: { id: string; seed: Uint8Array }, n: number): string {
  const { id: keyId, key } = currentKey(ring)
  return `${keyId}.${session.id}.${n}.${macFor(key, session, n).toString('base64url')}`
}

/** Parses a token. @returns undefined when it is malformed */
export function parseRefreshToken(token: string): RefreshToken | undefined {
  const [, keyId, sessionId, n, mac] = shape.exec(token) ?? []
  if (!keyId || !sessionId || !n || !mac) return undefined
  return { keyId, sessionId, n: Number(n), mac: Buffer.from(mac, 'base64url') }
}

/** Tests whether the session's seed and a key of the ring made the token. Removing a key from the ring invalidates its tokens. */
export function verifyRefreshToken(
  ring: KeyRing,
  token: RefreshToken,
  session: { id: string; seed: Uint8Array },
): boolean {
  const key = keyById(ring, token.keyId)
  if (!key || token.sessionId !== session.id) return false
  return timingSafeEqual(token.mac, macFor(key, session, token.n))
}

function macFor(key: Buffer, { id, seed }: { id: string; seed: Uint8Array }, n: number): Buffer {
  return macOver(key, [seed, id, String(n)])
}
