import { emailAddress as email, newUsername as username } from '@muster/identifiers'
import { passwordFaults } from '@muster/security/password-policy'
import { z } from 'zod'
import { digitCode } from '../../http/codes.ts'
import { anyPassword } from '../../http/fields.ts'
import { displayName, timezone } from '../accounts/accounts.schema.ts'

export const registerBody = z
  .strictObject({ username, name: displayName, email, password: anyPassword, timezone: timezone.optional() })
  .superRefine(({ password, email, username }, ctx) => {
    for (const fault of passwordFaults(password, { email, username })) {
      ctx.addIssue({ code: 'custom', path: ['password'], message: fault })
    }
  })
export type Registration = z.infer<typeof registerBody>

export const verifyBody = z.strictObject({ email, otp: digitCode })
