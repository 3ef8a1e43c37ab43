import { deriveToken, matchesCode } from '@muster/security/derive'
import type { KeyRing } from '@muster/security/key-ring'
import { linkTokenShape } from './link-token.ts'
import { type TokenTemplateName, templates } from './templates.ts'

type TokenMail = {
  template: TokenTemplateName
  /** The id of the `email_messages` row. */
  emailId: string
  /** The row's `code_version`: 1 until the row gets a new token. */
  version?: number
  /** The id of the key that derived the token, from the row; defaults to the current key. */
  keyId?: string
}

/**
 * Derives the token of a mail's link, `<row id>.<256 bits in base64url>`. The same arguments give the same token.
 * @throws Error when the ring has no key `keyId`
 */
export function mailToken(ring: KeyRing, mail: TokenMail): string {
  return `${mail.emailId}.${secretOf(ring, mail)}`
}

/** Reads the id of the mail from a token, or undefined when it is malformed. It is not verified, see {@link isMailToken}. */
export function emailIdOfToken(token: string): string | undefined {
  return linkTokenShape.exec(token)?.[1]
}

/** Compares a given token with the mail's in constant time. Every key of the ring counts, so that it outlives a rotation. */
export function isMailToken(ring: KeyRing, mail: Omit<TokenMail, 'keyId'>, given: string): boolean {
  const [, emailId, secret] = linkTokenShape.exec(given) ?? []
  if (emailId !== mail.emailId || secret === undefined) return false
  return [...ring.keys.keys()].map((keyId) => matchesCode(secretOf(ring, { ...mail, keyId }), secret)).includes(true)
}

function secretOf(ring: KeyRing, { template, emailId, version = 1, keyId }: TokenMail): string {
  const { purpose } = templates[template].token
  return deriveToken(ring, { purpose, rowId: emailId, version, ...(keyId && { keyId }) })
}
