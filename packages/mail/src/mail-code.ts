import { deriveCode, matchesCode } from '@muster/security/derive'
import type { KeyRing } from '@muster/security/key-ring'
import { type CodeTemplateName, templates } from './templates.ts'

type CodedMail = {
  template: CodeTemplateName
  /** The id of the `email_messages` row. */
  emailId: string
  /** The row's `code_version`: 1 until the row gets a new code. */
  version?: number
  /** The id of the key that derived the code, from the row; defaults to the current key. */
  keyId?: string
}

/**
 * Derives the code of a mail, e.g. `042137`. The same arguments give the same code.
 * @throws Error when the ring has no key `keyId`
 */
export function mailCode(ring: KeyRing, { template, emailId, version = 1, keyId }: CodedMail): string {
  const { purpose, digits } = templates[template].code
  return deriveCode(ring, { purpose, rowId: emailId, version, digits, ...(keyId && { keyId }) })
}

/**
 * Compares a given code with the mail's in constant time. Without a `keyId`, every key of the ring counts, so that a code stays valid
 * after the rotation of its key. The caller limits the number of attempts and checks the expiry.
 */
export function isMailCode(ring: KeyRing, mail: CodedMail, given: string): boolean {
  const keyIds = mail.keyId ? [mail.keyId] : [...ring.keys.keys()]
  return keyIds.map((keyId) => matchesCode(mailCode(ring, { ...mail, keyId }), given)).includes(true)
}
