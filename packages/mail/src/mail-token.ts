import { uuidPattern } from '@muster/identifiers'
import { deriveToken, matchesCode } from '@muster/security/derive'
import type { KeyRing } from '@muster/security/key-ring'
import { type TokenTemplateName, templates } from './templates.ts'

type TokenMail = {
  template: TokenTemplateName
  /** The id of the `email_messages` row. */
  emailId: string
  /** The row's `code_version`: 1 until the same row is given a new token. */
  version?: number
  /** The key that made the token, as the row notes it; the current one when left out. */
  keyId?: string
}

const shape = new RegExp(`^(${uuidPattern})\\.([A-Za-z0-9_-]{43})$`)

/**
 * The token of one mail's link, `<row id>.<256 bits in base64url>`, the same each time it is asked for.
 * @throws Error when the ring has no key `keyId`
 */
export function mailToken(ring: KeyRing, mail: TokenMail): string {
  return `${mail.emailId}.${secretOf(ring, mail)}`
}

/** The id of the mail that the token came with, if it is one at all; proves nothing, see {@link isMailToken}. */
export function emailIdOfToken(token: string): string | undefined {
  return shape.exec(token)?.[1]
}

/** Whether `given` is the mail's token, in constant time. Every key of the ring counts, so that it outlives a rotation. */
export function isMailToken(ring: KeyRing, mail: Omit<TokenMail, 'keyId'>, given: string): boolean {
  const [, emailId, secret] = shape.exec(given) ?? []
  if (emailId !== mail.emailId || secret === undefined) return false
  return [...ring.keys.keys()].map((keyId) => matchesCode(secretOf(ring, { ...mail, keyId }), secret)).includes(true)
}

function secretOf(ring: KeyRing, { template, emailId, version = 1, keyId }: TokenMail): string {
  const { purpose } = templates[template].token
  return deriveToken(ring, { purpose, rowId: emailId, version, ...(keyId && { keyId }) })
}
