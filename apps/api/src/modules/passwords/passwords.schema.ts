import { emailAddress as email } from '@muster/identifiers'
import { z } from 'zod'
import { anyPassword } from '../../http/fields.ts'

export const forgotPasswordBody = z.strictObject({ email })
export const resetPasswordBody = z.strictObject({ token: z.string().min(1).max(200), password: anyPassword })
export const changePasswordBody = z.strictObject({
  currentPassword: anyPassword.optional().describe('Required for an account with a password'),
  code: z
    .string()
    .regex(/^\d{6}$/, 'has 6 digits')
    .optional()
    .describe('Required for an account without a password; POST /auth/confirmation-code mails it'),
  newPassword: anyPassword,
})
export type ResetPassword = z.infer<typeof resetPasswordBody>
export type ChangePassword = z.infer<typeof changePasswordBody>
