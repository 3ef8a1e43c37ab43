import { uuidPattern } from '@muster/identifiers'
import { deriveToken, matchesCode } from '@muster/security/derive'
import type { KeyRing } from '@muster/security/key-ring'
import type { OptOut } from './define-template.ts'

const shape = new RegExp(`^(${uuidPattern})\\.([A-Za-z0-9_-]{43})$`)

/**
 * The token of the link by which a person turns a kind of mails off, `<user id>.<256 bits in base64url>`. It says nothing
 * but that, and is good as long as its key is there.
 */
export const optOutToken = (ring: KeyRing, { purpose }: OptOut, userId: string): string =>
  `${userId}.${secretOf(ring, purpose, userId, ring.currentId)}`

/** Who turns the mails off; undefined when the token is none. Every key of the ring counts, in constant time. */
export function userIdOfOptOut(ring: KeyRing, { purpose }: OptOut, given: string): string | undefined {
  const [, userId, secret] = shape.exec(given) ?? []
  if (userId === undefined || secret === undefined) return undefined
  const keyIds = [...ring.keys.keys()]
  return keyIds.map((keyId) => matchesCode(secretOf(ring, purpose, userId, keyId), secret)).includes(true)
    ? userId
    : undefined
}

const secretOf = (ring: KeyRing, purpose: string, userId: string, keyId: string) =>
  deriveToken(ring, { purpose: `opt-out:${purpose}`, rowId: userId, version: 1, keyId })
