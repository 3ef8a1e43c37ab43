import { emailAddress as email } from '@muster/identifiers'
import { z } from 'zod'
import { anyPassword } from '../../http/fields.ts'

export const forgotPasswordBody = z.strictObject({ email })
export const resetPasswordBody = z.strictObject({ token: z.string().min(1).max(200), password: anyPassword })
export const changePasswordBody = z.strictObject({
  currentPassword: anyPassword.optional().describe('What an account with a password confirms with'),
  code: z
    .string()
    .regex(/^\d{6}$/, 'has 6 digits')
    .optional()
    .describe('What an account without a password confirms with; mailed by POST /auth/confirmation-code'),
  newPassword: anyPassword,
})
export type ResetPassword = z.infer<typeof resetPasswordBody>
export type ChangePassword = z.infer<typeof changePasswordBody>
