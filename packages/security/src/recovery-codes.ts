import { createHash, randomBytes } from 'node:crypto'
import { lowerCaseAscii } from '@muster/identifiers'
import { plainCode, withoutLabel } from './typed-code.ts'

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

/** Characters that the alphabet lacks and that are read for one of its letters; `1` and `9` look like two of them. */
const misread = { '0': 'o', '8': 'b' } as const

/** Reads a recovery code that was typed or pasted. @returns its 24 characters; undefined for text that is not a recovery code */
export const readRecoveryCode = (typed: string): string | undefined => read(typed) ?? read(withoutLabel(typed))

function read(typed: string): string | undefined {
  const code = lowerCaseAscii(plainCode(typed)).replace(/[08]/g, (digit) => misread[digit as keyof typeof misread])
  return shape.test(code) ? code : undefined
}

/** Computes the SHA-256 that is stored for a code. @returns undefined for text that is not a recovery code */
export function hashRecoveryCode(typed: string): Buffer | undefined {
  const code = readRecoveryCode(typed)
  return code === undefined ? undefined : createHash('sha256').update(code).digest()
}
