import { createHash, randomBytes } from 'node:crypto'
import { lowerCaseAscii } from '@muster/identifiers'

/** RFC 4648, in lower case: it is read from paper. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
const codeCount = 10
const codeLength = 24
const groupLength = 4
const shape = new RegExp(`^[${alphabet}]{${codeLength}}$`)

/**
 * Ten codes of 120 random bits each, e.g. `abcd-2efg-hijk-3lmn-opqr-4stu`. From 112 bits on nobody can search for what a
 * plain hash hides (OWASP ASVS 5, 6.5.2), so they need no slow one.
 */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: codeCount }, () => {
    // 256 is a multiple of 32: every character is as likely as any other.
    const characters = [...randomBytes(codeLength)].map((byte) => alphabet[byte % alphabet.length])
    return characters.join('').replace(new RegExp(`(.{${groupLength}})(?=.)`, 'g'), '$1-')
  })
}

/** What is kept of a code: SHA-256, whatever its case and gaps. Undefined for text that is no recovery code. */
export function hashRecoveryCode(typed: string): Buffer | undefined {
  const code = lowerCaseAscii(typed.replace(/[\s-]/g, ''))
  return shape.test(code) ? createHash('sha256').update(code).digest() : undefined
}
