import { dictionary } from '@zxcvbn-ts/language-common'

const minLength = 8
const maxLength = 128
/** Shorter names stand in too many passwords by chance. */
const minNameLength = 3

/** Some 49,000 passwords by frequency, all in lower case. */
const commonPasswords: ReadonlySet<string> = new Set(dictionary['passwords-common'])

/**
 * What is wrong with a new password, one sentence each; empty when it is good. Length counts characters (code points).
 * The common list is compared without regard to case (OWASP ASVS 5, 6.2.4).
 */
export function passwordFaults(password: string, person: { email: string; username?: string }): string[] {
  const lowerCased = password.toLowerCase()
  const length = [...password].length
  const faults: string[] = []
  if (length < minLength) faults.push(`must have at least ${minLength} characters`)
  if (length > maxLength) faults.push(`must have at most ${maxLength} characters`)
  if (!/\p{Lu}/u.test(password)) faults.push('must contain an upper-case letter')
  if (!/\p{Ll}/u.test(password)) faults.push('must contain a lower-case letter')
  if (!/\p{Nd}/u.test(password)) faults.push('must contain a digit')
  if (commonPasswords.has(lowerCased)) faults.push('is one of the most common passwords')
  if (namesOf(person).some((name) => lowerCased.includes(name))) {
    faults.push('must not contain your e-mail name or username')
  }
  return faults
}

/** `anna.lee+work@…` is known as `anna.lee+work` and as `anna.lee`. */
function namesOf({ email, username }: { email: string; username?: string }): string[] {
  const mailName = email.slice(0, email.lastIndexOf('@'))
  const untagged = mailName.split('+', 1)[0]
  return [mailName, untagged, username]
    .map((name) => (name ?? '').trim().toLowerCase())
    .filter((name) => name.length >= minNameLength)
}
