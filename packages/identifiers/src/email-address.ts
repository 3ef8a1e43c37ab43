import { z } from 'zod'
import { lowerCaseAscii } from './lower-case-ascii.ts'

const maxLength = 254

/**
 * Converts an e-mail address to the form in which addresses are compared and stored. The argument must be valid for
 * {@link emailAddress}, so its letters are ASCII. Conversion of international domains (A-labels, RFC 5890) would belong here.
 */
export const canonicalEmailAddress = (address: string): string => lowerCaseAscii(address.trim())

/**
 * Validates an e-mail address from another system and converts it to its canonical form. Spaces around it are refused: an address
 * with them belongs to another mailbox. Letters outside ASCII are refused before lower-casing: `mi\u212Ae@` and `mike@` are
 * different mailboxes (RFC 6531).
 */
export const exactEmailAddress = z.email().max(maxLength).overwrite(canonicalEmailAddress)

/** Validates an e-mail address that a user typed: like {@link exactEmailAddress}, with spaces around it ignored. */
export const emailAddress = z.string().trim().pipe(exactEmailAddress)
