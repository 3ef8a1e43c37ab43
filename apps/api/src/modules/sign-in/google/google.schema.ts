import { z } from 'zod'
import { type GoogleErrorCode, googleErrors } from './google-errors.ts'

export const beginQuery = z.strictObject({
  /** Of an invitation that is to be accepted with the Google account. */
  inviteToken: z.string().min(1).max(200).optional(),
  /** The session lives 30 days instead of 7. */
  rememberMe: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
})
export type Begin = z.output<typeof beginQuery>

/** What issuers send; they may send more. The library reads it from the address itself. */
export const callbackQuery = z.looseObject({
  state: z.string().optional(),
  code: z.string().optional(),
  error: z.string().optional(),
})

/**
 * The answer of a page that a browser navigates to.
 * @param where what the address in `Location` is when all is well
 * @param codes what else can be the end of it
 */
export const redirectTo = (where: string, codes: readonly GoogleErrorCode[]) =>
  z.null().meta({
    description: `${where}. When that is not possible, to \`WEB_URL/login?error=…\`:\n\n${codes
      .map((code) => `- \`${code}\`: ${googleErrors[code]}`)
      .join('\n')}`,
    headers: { location: { type: 'string', format: 'uri' } },
  })
