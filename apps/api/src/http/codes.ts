import { findLinkToken } from '@muster/mail'
import { readRecoveryCode } from '@muster/security/recovery-codes'
import { plainCode, withoutLabel } from '@muster/security/typed-code'
import { z } from 'zod'
import { rule } from './errors/details-of-issues.ts'

/*
 * The one schema of each kind of code. They take a code as people paste it: with blanks, line ends, dashes and punctuation around and
 * within it.
 */

const isSixDigits = (code: string) => /^\d{6}$/.test(code)

/** Reads a code of six digits, also after a label. */
function readDigits(typed: string): string {
  const code = plainCode(typed)
  return isSixDigits(code) ? code : plainCode(withoutLabel(typed))
}

/** Longer text was not pasted by mistake. */
const maxPasted = 100

/** The code of a mail or of an authenticator app; the output is its six digits. */
export const digitCode = z
  .string()
  .max(maxPasted)
  .overwrite(readDigits)
  .refine(isSixDigits, rule('INVALID_FORMAT', { example: '123456' }, 'must have 6 digits'))
  .meta({ description: 'The code, 6 digits.', examples: ['123456'] })

/** Any code that proves the second factor: six digits, or a recovery code, whose output is its 24 characters. */
export const factorCode = z
  .string()
  .max(maxPasted)
  .overwrite((typed) => readRecoveryCode(typed) ?? readDigits(typed))
  .refine(
    (code) => isSixDigits(code) || readRecoveryCode(code) !== undefined,
    rule('INVALID_FORMAT', { example: '123456' }, 'must have 6 digits, or be a recovery code'),
  )
  .meta({ description: 'The mailed code, the code of the app, or a recovery code.', examples: ['123456'] })

/** The token of a mailed link; the output is the token alone. The service refuses text without one, with the code of its route. */
export const linkToken = z
  .string()
  .min(1)
  .max(2_000)
  .overwrite((pasted) => findLinkToken(pasted) ?? pasted)
  .meta({ description: 'The token of the mailed link.', examples: ['7HKcXJ3u1pQ'] })
