import { z } from 'zod'

const sixDigits = /^\s*\d{3}[\s-]?\d{3}\s*$/

/** Tells whether the text has six digits, written as mails and authenticator apps show them. */
export const hasSixDigits = (text: string) => sixDigits.test(text)

/** Removes the gaps that users type between groups of digits. */
export const withoutGaps = (code: string) => code.replace(/[\s-]/g, '')

/** The code of a mail or of an authenticator app. */
export const digitCode = z.string().max(20).regex(sixDigits, 'has 6 digits').overwrite(withoutGaps)
