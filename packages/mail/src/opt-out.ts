import { deriveToken, matchesCode } from '@muster/security/derive'
import type { KeyRing } from '@muster/security/key-ring'
import type { OptOut } from './define-template.ts'
import { linkTokenShape } from './link-token.ts'

/**
 * Derives the token of a link that unsubscribes a user from a kind of mail, `<user id>.<256 bits in base64url>`. It permits nothing
 * else, and is valid while the ring holds its key.
 */
export const optOutToken = (ring: KeyRing, { purpose }: OptOut, userId: string): string =>
  `${userId}.${secretOf(ring, purpose, userId, ring.currentId)}`

/** Verifies a token in constant time, with every key of the ring. @returns the user's id, or undefined when it is invalid */
export function userIdOfOptOut(ring: KeyRing, { purpose }: OptOut, given: string): string | undefined {
  const [, userId, secret] = linkTokenShape.exec(given) ?? []
  if (userId === undefined || secret === undefined) return undefined
  const keyIds = [...ring.keys.keys()]
  return keyIds.map((keyId) => matchesCode(secretOf(ring, purpose, userId, keyId), secret)).includes(true)
    ? userId
    : undefined
}

const secretOf = (ring: KeyRing, purpose: string, userId: string, keyId: string) =>
  deriveToken(ring, { purpose: `opt-out:${purpose}`, rowId: userId, version: 1, keyId })
