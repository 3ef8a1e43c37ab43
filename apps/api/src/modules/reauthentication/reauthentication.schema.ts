import { z } from 'zod'
import { digitCode } from '../../http/codes.ts'
import { anyPassword } from '../../http/fields.ts'

/** The fields of a body that confirms a sensitive action: the password, or the mailed code of an account without one. */
export const confirmationFields = { password: anyPassword.optional(), code: digitCode.optional() }

export const confirmationBody = z.strictObject(confirmationFields)
