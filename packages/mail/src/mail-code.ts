import { deriveCode, matchesCode } from '@muster/security/derive'
import type { KeyRing } from '@muster/security/key-ring'
import { type CodeTemplateName, templates } from './templates.ts'

type CodedMail = {
  template: CodeTemplateName
  /** The id of the `email_messages` row. */
  emailId: string
  /** The row's `code_version`: 1 until the same row is given a new code. */
  version?: number
  /** The key that made the code, as the row notes it; the current one when left out. */
  keyId?: string
}

/**
 * The code of one mail, e.g. `042137`, the same each time it is asked for.
 * @throws Error when the ring has no key `keyId`
 */
export function mailCode(ring: KeyRing, { template, emailId, version = 1, keyId }: CodedMail): string {
  const { purpose, digits } = templates[template].code
  return deriveCode(ring, { purpose, rowId: emailId, version, digits, ...(keyId && { keyId }) })
}

/**
 * Whether `given` is the mail's code, in constant time. Without a `keyId` every key of the ring counts, so that a code
 * outlives the rotation of its key. The caller bounds the tries and the age.
 */
export function isMailCode(ring: KeyRing, mail: CodedMail, given: string): boolean {
  const keyIds = mail.keyId ? [mail.keyId] : [...ring.keys.keys()]
  return keyIds.map((keyId) => matchesCode(mailCode(ring, { ...mail, keyId }), given)).includes(true)
}
