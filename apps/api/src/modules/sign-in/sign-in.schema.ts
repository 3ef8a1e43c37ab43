import { emailAddress as email } from '@muster/identifiers'
import { z } from 'zod'
import { factorCode } from '../../http/codes.ts'
import { anyPassword } from '../../http/fields.ts'
import { instant, replyOf } from '../../http/reply.ts'
import { user } from '../accounts/accounts.schema.ts'

export const loginBody = z.strictObject({ email, password: anyPassword, rememberMe: z.boolean().default(false) })
export type Login = z.infer<typeof loginBody>

export const loginReply = replyOf(
  z.discriminatedUnion('requiresTwoFactor', [
    z.object({ requiresTwoFactor: z.literal(false), user }),
    z.object({
      requiresTwoFactor: z.literal(true),
      method: z.enum(['otp', 'totp']),
      challengeToken: z.string(),
      expiresAt: instant,
    }),
  ]),
)

export const signInCodeBody = z.strictObject({ challengeToken: z.string().max(300), code: factorCode })
export const challengeBody = signInCodeBody.pick({ challengeToken: true })
