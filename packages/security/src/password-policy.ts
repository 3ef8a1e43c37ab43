import { dictionary } from '@zxcvbn-ts/language-common'

/** The bounds of a new password, in characters. */
export const passwordLength = { min: 8, max: 128 }
const { min: minLength, max: maxLength } = passwordLength
/** Shorter names occur in too many passwords by chance. */
const minNameLength = 3
/** Control characters, which not every keyboard can type, and the replacement character of decoders for invalid bytes. */
const unreadable = /[\p{Cc}\ufffd]/u

/** The rules of a new password by their names, with the sentence for a password that breaks one. */
const rules = {
  minLength: `must have at least ${minLength} characters`,
  maxLength: `must have at most ${maxLength} characters`,
  readable: 'must not contain control characters, lone surrogates or U+FFFD',
  upperCase: 'must contain an upper-case letter',
  lowerCase: 'must contain a lower-case letter',
  digit: 'must contain a digit',
  uncommon: 'is one of the most common passwords',
  notYourName: 'must not contain your e-mail name or username',
}
export type PasswordRule = keyof typeof rules
/** All rules, in the order in which they are checked. */
export const passwordRules = Object.keys(rules) as [PasswordRule, ...PasswordRule[]]
export type PasswordFault = { rule: PasswordRule; message: string }

/** Folds case and compatibility forms by Unicode. This only refuses more passwords: `\u212A` cannot stand in for `k`. */
const fold = (text: string): string => text.normalize('NFKC').toLowerCase()

/** About 49,000 common passwords, all in lower case. */
const commonPasswords: ReadonlySet<string> = new Set(dictionary['passwords-common'])

/**
 * Checks a new password. The length counts code points; the list of common passwords is compared without regard to case (OWASP
 * ASVS 5, 6.2.4).
 * @returns the rules that it breaks, empty for a good password
 */
export function passwordFaults(password: string, user: { email: string; username?: string }): PasswordFault[] {
  const folded = fold(password)
  const length = [...password].length
  const isBroken: Record<PasswordRule, boolean> = {
    minLength: length < minLength,
    maxLength: length > maxLength,
    readable: !password.isWellFormed() || unreadable.test(password),
    upperCase: !/\p{Lu}/u.test(password),
    lowerCase: !/\p{Ll}/u.test(password),
    digit: !/\p{Nd}/u.test(password),
    uncommon: commonPasswords.has(folded),
    notYourName: namesOf(user).some((name) => folded.includes(name)),
  }
  return passwordRules.filter((rule) => isBroken[rule]).map((rule) => ({ rule, message: rules[rule] }))
}

/** Lists the names that a password must not contain: of `anna.lee+work@…` both `anna.lee+work` and `anna.lee`. */
function namesOf({ email, username }: { email: string; username?: string }): string[] {
  const mailName = email.slice(0, email.lastIndexOf('@'))
  const untagged = mailName.split('+', 1)[0]
  return [mailName, untagged, username]
    .map((name) => fold((name ?? '').trim()))
    .filter((name) => name.length >= minNameLength)
}
