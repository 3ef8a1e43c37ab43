import { z } from 'zod'
import { digitCode } from '../../http/codes.ts'
import { anyPassword, examplePassword } from '../../http/fields.ts'

/** The fields of a body that confirms a sensitive action: the password, or the mailed code of an account without one. */
export const confirmationFields = {
  password: anyPassword.optional().describe('The password, for an account that has one.'),
  code: digitCode
    .optional()
    .describe('The code that `POST /auth/confirmation-code` mails, for an account without a password.'),
}

export const confirmationBody = z
  .strictObject(confirmationFields)
  .meta({ id: 'Confirmation', description: 'Confirms a sensitive action.', examples: [{ password: examplePassword }] })

/** The errors of a confirmation. */
export const confirmationErrors = ['INVALID_CREDENTIALS', 'OTP_INVALID', 'ACCOUNT_LOCKED'] as const
