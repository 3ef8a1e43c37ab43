import { uuidPattern } from '@muster/identifiers'

/** `<row id>.<256 bits in base64url>`, the form of every token in a mailed link. */
export const linkTokenShape = new RegExp(`^(${uuidPattern})\\.([A-Za-z0-9_-]{43})$`)

const somewhere = new RegExp(`${uuidPattern}\\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-]*[A-Za-z0-9])`, 'u')
const invisible = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu
/** A dash that a program put in the place of a hyphen. */
const dashes = /[\p{Pd}\u2212]/gu
/** An encoded dot, at which mail programs escape the beginning of a line (RFC 5321, 4.5.2). */
const encodedDot = /[=%]2E/g
/** The marks of a quoted line in a reply. */
const quoteMarks = /^[>\s]+/gm
/** Characters that break a line within a token: line ends, and the `=` before one in quoted-printable (RFC 2045, 6.7). */
const breaks = /[=\s]+/gu

/**
 * Finds a link's token in what a user pasted or a mail client made of the link: the whole URL, also within another one, with
 * punctuation around it, or broken into lines. Its length is fixed, so nothing of the token can be lost.
 * @returns undefined when the text has no token
 */
export function findLinkToken(pasted: string): string | undefined {
  const text = pasted.normalize('NFKC').replace(invisible, '').replace(dashes, '-').replace(encodedDot, '.')
  return (somewhere.exec(text) ?? somewhere.exec(text.replace(quoteMarks, '').replace(breaks, '')))?.[0]
}
