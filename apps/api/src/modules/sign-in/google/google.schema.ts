import { z } from 'zod'
import { linkToken } from '../../../http/codes.ts'
import { type GoogleErrorCode, googleErrors } from './google-errors.ts'

export const beginQuery = z.strictObject({
  /** The token of an invitation to accept with the Google account. */
  inviteToken: linkToken.optional(),
  /** The session lives 30 days instead of 7. */
  rememberMe: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
})
export type Begin = z.output<typeof beginQuery>

/** The parameters of the issuer's redirect, which may have more. The library reads them from the address itself. */
export const callbackQuery = z.looseObject({
  state: z.string().optional(),
  code: z.string().optional(),
  error: z.string().optional(),
})

/**
 * Builds the response schema of a page that a browser navigates to.
 * @param where describes the address in `Location` when it succeeds
 * @param codes the errors that it can end with
 */
export const redirectTo = (where: string, codes: readonly GoogleErrorCode[]) =>
  z.null().meta({
    description: `${where}. On failure, to \`WEB_URL/login?error=…\`:\n\n${codes
      .map((code) => `- \`${code}\`: ${googleErrors[code]}`)
      .join('\n')}`,
    headers: { location: { type: 'string', format: 'uri' } },
  })
