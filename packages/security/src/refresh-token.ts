import { randomBytes, timingSafeEqual } from 'node:crypto'
import { uuidPattern } from '@muster/identifiers'
import { currentKey, type KeyRing, keyById } from './key-ring.ts'
import { macOver } from './mac.ts'

/** The parts of a refresh token `kid.sid.n.mac`. Nothing is proven before `verifyRefreshToken`. */
export type RefreshToken = {
  keyId: string
  sessionId: string
  /** Which rotation made it; the first token of a session has 0. */
  n: number
  mac: Buffer
}

const seedBytes = 32
const shape = new RegExp(`^([a-z0-9_-]{1,16})\\.(${uuidPattern})\\.(0|[1-9][0-9]{0,9})\\.([A-Za-z0-9_-]{43})$`)

/** The secret of a new session row: 256 random bits. Without the key of the ring it makes no token. */
export function newSessionSeed(): Buffer {
  return randomBytes(seedBytes)
}

/** The `n`-th token of a session, `kid.sid.n.HMAC(K, seed ‖ sid ‖ n)`. The same arguments give the same token. */
export function issueRefreshToken(ring: KeyRing, session: { id: string; seed: Uint8Array }, n: number): string {
  const { id: keyId, key } = currentKey(ring)
  return `${keyId}.${session.id}.${n}.${macFor(key, session, n).toString('base64url')}`
}

/** Takes a token apart; undefined when it is not of that form. */
export function parseRefreshToken(token: string): RefreshToken | undefined {
  const [, keyId, sessionId, n, mac] = shape.exec(token) ?? []
  if (!keyId || !sessionId || !n || !mac) return undefined
  return { keyId, sessionId, n: Number(n), mac: Buffer.from(mac, 'base64url') }
}

/** True when this session's seed and a key of the ring made the token; a key taken out of the ring ends its tokens. */
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
