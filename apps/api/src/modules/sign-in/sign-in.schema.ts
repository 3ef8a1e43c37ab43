import { emailAddress as email, newUsername as username } from '@muster/identifiers'
import { passwordFaults } from '@muster/security'
import { z } from 'zod'
import { anyPassword } from '../../http/fields.ts'
import { instant, replyOf } from '../../http/reply.ts'
import { personName, timezone, user } from '../accounts/accounts.schema.ts'

export const registerBody = z
  .strictObject({ username, name: personName, email, password: anyPassword, timezone: timezone.optional() })
  .superRefine(({ password, email, username }, ctx) => {
    for (const fault of passwordFaults(password, { email, username })) {
      ctx.addIssue({ code: 'custom', path: ['password'], message: fault })
    }
  })
export type Registration = z.infer<typeof registerBody>

export const verifyBody = z.strictObject({ email, otp: z.string().regex(/^\d{6}$/, 'has 6 digits') })
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
