import { z } from 'zod'
import { digitCode, factorCode } from '../../http/codes.ts'
import { replyOf } from '../../http/reply.ts'
import { confirmationFields } from '../reauthentication/reauthentication.schema.ts'

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
