import { dictionary } from '@zxcvbn-ts/language-common'

const minLength = 8
const maxLength = 128
/** Shorter names stand in too many passwords by chance. */
const minNameLength = 3
/** Control characters, which no keyboard types everywhere, and what decoders put in the place of bytes that they can't read. */
const unreadable = /[\p{Cc}\ufffd]/u
const unreadableFault = 'must not contain control characters, halves of characters (lone surrogates) or U+FFFD'

/** What refuses passwords folds as much as Unicode can: nobody gets in by it, and `\u212A` hides no `k`. */
const fold = (text: string): string => text.normalize('NFKC').toLowerCase()

/** Some 49,000 passwords by frequency, all in lower case. */
const commonPasswords: ReadonlySet<string> = new Set(dictionary['passwords-common'])

/**
 * What is wrong with a new password, one sentence each; empty when it is good. Length counts characters (code points).
 * The common list is compared without regard to case (OWASP ASVS 5, 6.2.4).
 */
export function passwordFaults(password: string, person: { email: string; username?: string }): string[] {
  const folded = fold(password)
  const length = [...password].length
  const faults: string[] = []
  if (length < minLength) faults.push(`must have at least ${minLength} characters`)
  if (length > maxLength) faults.push(`must have at most ${maxLength} characters`)
  if (!password.isWellFormed() || unreadable.test(password)) faults.push(unreadableFault)
  if (!/\p{Lu}/u.test(password)) faults.push('must contain an upper-case letter')
  if (!/\p{Ll}/u.test(password)) faults.push('must contain a lower-case letter')
  if (!/\p{Nd}/u.test(password)) faults.push('must contain a digit')
  if (commonPasswords.has(folded)) faults.push('is one of the most common passwords')
  if (namesOf(person).some((name) => folded.includes(name))) {
    faults.push('must not contain your e-mail name or username')
  }
  return faults
}

/** `anna.lee+work@…` is known as `anna.lee+work` and as `anna.lee`. */
function namesOf({ email, username }: { email: string; username?: string }): string[] {
  const mailName = email.slice(0, email.lastIndexOf('@'))
  const untagged = mailName.split('+', 1)[0]
  return [mailName, untagged, username]
    .map((name) => fold((name ?? '').trim()))
    .filter((name) => name.length >= minNameLength)
}
