import { emailAddress as email, newUsername as username } from '@muster/identifiers'
import { z } from 'zod'
import { digitCode } from '../../http/codes.ts'
import { issueOf } from '../../http/errors/details-of-issues.ts'
import { anyPassword } from '../../http/fields.ts'
import { passwordFault } from '../../http/good-password.ts'
import { displayName, timezone } from '../accounts/accounts.schema.ts'

export const registerBody = z
  .strictObject({ username, name: displayName, email, password: anyPassword, timezone: timezone.optional() })
  .superRefine(({ password, email, username }, ctx) => {
    const fault = passwordFault(password, { email, username })
    if (fault) ctx.addIssue(issueOf(['password'], fault))
  })
export type Registration = z.infer<typeof registerBody>

export const verifyBody = z.strictObject({ email, otp: digitCode })
