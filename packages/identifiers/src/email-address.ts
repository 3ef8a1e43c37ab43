import { z } from 'zod'
import { lowerCaseAscii } from './lower-case-ascii.ts'

const maxLength = 254

/**
 * Returns the form in which e-mail addresses are compared and stored. Only for what {@link emailAddress} accepts: there
 * the letters are ASCII. What domains in other scripts need (A-labels, RFC 5890) belongs here.
 */
export const canonicalEmailAddress = (address: string): string => lowerCaseAscii(address.trim())

/**
 * An e-mail address exactly as another system wrote it, in the form in which addresses are compared. Spaces around it are
 * refused: an issuer that vouches for them vouches for another mailbox. Letters outside of ASCII are refused before
 * anything is lower-cased: `mi\u212Ae@` and `mike@` are different mailboxes (RFC 6531).
 */
export const exactEmailAddress = z.email().max(maxLength).overwrite(canonicalEmailAddress)

/** An e-mail address as a person types it: {@link exactEmailAddress} with spaces around it. */
export const emailAddress = z.string().trim().pipe(exactEmailAddress)
