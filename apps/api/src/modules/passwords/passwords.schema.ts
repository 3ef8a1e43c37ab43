import { emailAddress as email } from '@muster/identifiers'
import { z } from 'zod'
import { digitCode, linkToken } from '../../http/codes.ts'
import { anyPassword, examplePassword, newPassword } from '../../http/fields.ts'

export const forgotPasswordBody = z
  .strictObject({
    email: email.meta({ description: 'The e-mail address of the account.', examples: ['ann@example.com'] }),
  })
  .meta({ id: 'ForgottenPassword', description: 'An account whose password is forgotten.' })
export const resetPasswordBody = z
  .strictObject({
    token: linkToken,
    password: newPassword,
  })
  .meta({ id: 'PasswordReset', description: 'A new password by a mailed link.' })
export const changePasswordBody = z
  .strictObject({
    currentPassword: anyPassword.optional().describe('Required for an account with a password'),
    code: digitCode
      .optional()
      .describe('Required for an account without a password; POST /auth/confirmation-code mails it'),
    newPassword,
  })
  .meta({
    id: 'PasswordChange',
    description: 'A new password of the own account.',
    examples: [{ currentPassword: examplePassword, newPassword: 'Quiet Hills 8 at Noon' }],
  })
export type ResetPassword = z.infer<typeof resetPasswordBody>
export type ChangePassword = z.infer<typeof changePasswordBody>
