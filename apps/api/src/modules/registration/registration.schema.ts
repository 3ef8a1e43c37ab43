import { emailAddress as email, newUsername as username } from '@muster/identifiers'
import { z } from 'zod'
import { digitCode } from '../../http/codes.ts'
import { issueOf } from '../../http/errors/details-of-issues.ts'
import { newPassword } from '../../http/fields.ts'
import { passwordFault } from '../../http/good-password.ts'
import { displayName, timezone } from '../accounts/accounts.schema.ts'

export const registerBody = z
  .strictObject({
    username: username.meta({ description: 'The username: 3 to 30 characters of a–z, 0–9 and _.', examples: ['ann'] }),
    name: displayName,
    email: email.meta({
      description: 'The e-mail address, to which the code is mailed.',
      examples: ['ann@example.com'],
    }),
    password: newPassword,
    timezone: timezone.optional(),
  })
  .superRefine(({ password, email, username }, ctx) => {
    const fault = passwordFault(password, { email, username })
    if (fault) ctx.addIssue(issueOf(['password'], fault))
  })
  .meta({ id: 'Registration', description: 'A registration that begins.' })
export type Registration = z.infer<typeof registerBody>

export const verifyBody = z
  .strictObject({
    email: email.meta({ description: 'The e-mail address of the registration.', examples: ['ann@example.com'] }),
    otp: digitCode,
  })
  .meta({ id: 'RegistrationCode', description: 'The code that ends a registration.' })
