import { emailAddress as email } from '@muster/identifiers'
import { z } from 'zod'
import { digitCode, linkToken } from '../../http/codes.ts'
import { anyPassword } from '../../http/fields.ts'

export const forgotPasswordBody = z.strictObject({ email })
export const resetPasswordBody = z.strictObject({ token: linkToken, password: anyPassword })
export const changePasswordBody = z.strictObject({
  currentPassword: anyPassword.optional().describe('Required for an account with a password'),
  code: digitCode
    .optional()
    .describe('Required for an account without a password; POST /auth/confirmation-code mails it'),
  newPassword: anyPassword,
})
export type ResetPassword = z.infer<typeof resetPasswordBody>
export type ChangePassword = z.infer<typeof changePasswordBody>
