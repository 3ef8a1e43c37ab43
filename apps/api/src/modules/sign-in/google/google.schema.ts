import { z } from 'zod'
import { linkToken } from '../../../http/codes.ts'
import { queryBoolean } from '../../../http/fields.ts'
import { answer } from '../../../http/reply.ts'
import { type GoogleErrorCode, googleErrors } from './google-errors.ts'

export const beginQuery = z.strictObject({
  inviteToken: linkToken.optional().describe('The token of an invitation to accept with the Google account.'),
  rememberMe: queryBoolean.default(false).describe('The session lives 30 days without use instead of 7.'),
})
export type Begin = z.output<typeof beginQuery>

/** The parameters of the issuer's redirect, which may have more. The library reads them from the address itself. */
export const callbackQuery = z.looseObject({
  state: z.string().optional().describe('Names the sign-in that began in this browser.'),
  code: z.string().optional().describe('What Google sends for the identity of the user.'),
  error: z.string().optional().describe('Why Google sends none.'),
})

/**
 * Builds the response schema of a page that a browser navigates to.
 * @param where describes the address in `Location` when it succeeds
 * @param codes the errors that it can end with
 */
export const redirectTo = (where: string, codes: readonly GoogleErrorCode[]) =>
  answer(
    z.null(),
    `${where}. On failure, to \`WEB_URL/login?error=…\`:\n\n${codes
      .map((code) => `- \`${code}\`: ${googleErrors[code]}`)
      .join('\n')}`,
    'Set-Cookie',
  )
