import { z } from 'zod'
import { anyPassword } from '../../http/fields.ts'
import { digitCode } from '../one-time-codes/one-time-codes.schema.ts'

/** The fields of a body that confirms a sensitive action: the password, or the mailed code of an account without one. */
export const confirmationFields = { password: anyPassword.optional(), code: digitCode.optional() }

export const confirmationBody = z.strictObject(confirmationFields)
