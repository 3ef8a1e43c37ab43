import { createHash, randomBytes } from 'node:crypto'
import { lowerCaseAscii } from '@muster/identifiers'

/** The base32 alphabet of RFC 4648, in lower case for reading from paper. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
const codeCount = 10
const codeLength = 24
const groupLength = 4
const shape = new RegExp(`^[${alphabet}]{${codeLength}}$`)

/**
 * Generates ten codes of 120 random bits each, e.g. `abcd-2efg-hijk-3lmn-opqr-4stu`. A plain hash is enough to store them, because
 * codes of at least 112 bits cannot be found by search (OWASP ASVS 5, 6.5.2).
 */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: codeCount }, () => {
    // 256 is a multiple of 32, so all characters are equally likely.
    const characters = [...randomBytes(codeLength)].map((byte) => alphabet[byte % alphabet.length])
    return characters.join('').replace(new RegExp(`(.{${groupLength}})(?=.)`, 'g'), '$1-')
  })
}

/** Computes the stored SHA-256 of a code, ignoring its case and gaps. @returns undefined for text that is not a recovery code */
export function hashRecoveryCode(typed: string): Buffer | undefined {
  const code = lowerCaseAscii(typed.replace(/[\s-]/g, ''))
  return shape.test(code) ? createHash('sha256').update(code).digest() : undefined
}
