import { dictionary } from '@zxcvbn-ts/language-common'

const minLength = 8
const maxLength = 128
/** Shorter names occur in too many passwords by chance. */
const minNameLength = 3
/** Control characters, which not every keyboard can type, and the replacement character of decoders for invalid bytes. */
const unreadable = /[\p{Cc}\ufffd]/u
const unreadableFault = 'must not contain control characters, lone surrogates or U+FFFD'

/** Folds case and compatibility forms by Unicode. This only refuses more passwords: `\u212A` cannot stand in for `k`. */
const fold = (text: string): string => text.normalize('NFKC').toLowerCase()

/** About 49,000 common passwords, all in lower case. */
const commonPasswords: ReadonlySet<string> = new Set(dictionary['passwords-common'])

/**
 * Checks a new password. The length counts code points; the list of common passwords is compared without regard to case (OWASP
 * ASVS 5, 6.2.4).
 * @returns a message for each fault, empty for a good password
 */
export function passwordFaults(password: string, user: { email: string; username?: string }): string[] {
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
  if (namesOf(user).some((name) => folded.includes(name))) {
    faults.push('must not contain your e-mail name or username')
  }
  return faults
}

/** Lists the names that a password must not contain: of `anna.lee+work@…` both `anna.lee+work` and `anna.lee`. */
function namesOf({ email, username }: { email: string; username?: string }): string[] {
  const mailName = email.slice(0, email.lastIndexOf('@'))
  const untagged = mailName.split('+', 1)[0]
  return [mailName, untagged, username]
    .map((name) => fold((name ?? '').trim()))
    .filter((name) => name.length >= minNameLength)
}
