import { z } from 'zod'
import { replyOf } from '../../http/reply.ts'
import { digitCode, hasSixDigits, withoutGaps } from '../one-time-codes/one-time-codes.schema.ts'
import { confirmationFields } from '../reauthentication/reauthentication.schema.ts'

/** A recovery code: six groups of four characters. */
const recoveryCode = /^\s*(?:[a-z2-7]{4}[\s-]*){6}$/i

/** Any code that proves the second factor. */
export const factorCode = z
  .string()
  .max(60)
  .refine((code) => hasSixDigits(code) || recoveryCode.test(code), 'has 6 digits, or is a recovery code')
  .overwrite(withoutGaps)

export const digitCodeBody = z.strictObject({ code: digitCode })

/** The code of the factor in use, beside the password, or beside the mailed code of an account without one. */
export const factorConfirmationBody = z.strictObject({
  password: confirmationFields.password,
  confirmationCode: confirmationFields.code,
  code: factorCode,
})

/** The set-up of a first app needs less than the replacement of one that is in use. */
export const setupBody = factorConfirmationBody.partial()

export const totpSetupReply = replyOf(
  z.object({ secret: z.string(), otpauthUrl: z.string(), qrCode: z.string().startsWith('data:image/png;base64,') }),
)
export const recoveryCodesReply = replyOf(z.object({ recoveryCodes: z.array(z.string()).length(10) }))
