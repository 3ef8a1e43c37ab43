import { z } from 'zod'
import { anyPassword } from '../../http/fields.ts'
import { replyOf } from '../../http/reply.ts'

/** Six digits as mails and authenticator apps show them, or a recovery code in six groups of four. */
const sixDigits = /^\s*\d{3}[\s-]?\d{3}\s*$/
const recoveryCode = /^\s*(?:[a-z2-7]{4}[\s-]*){6}$/i

const withoutGaps = (code: string) => code.replace(/[\s-]/g, '')

/** A code by mail or of an authenticator app. */
export const digitCode = z.string().max(20).regex(sixDigits, 'has 6 digits').overwrite(withoutGaps)

/** Any code that stands for the second factor. */
export const factorCode = z
  .string()
  .max(60)
  .refine((code) => sixDigits.test(code) || recoveryCode.test(code), 'has 6 digits, or is a recovery code')
  .overwrite(withoutGaps)

/** Of a body that confirms an action, see confirmPerson: the password, or the mailed code where there is none. */
export const confirmationFields = { password: anyPassword.optional(), code: digitCode.optional() }

export const signInCodeBody = z.strictObject({ challengeToken: z.string().max(300), code: factorCode })
export const challengeBody = signInCodeBody.pick({ challengeToken: true })
export const digitCodeBody = z.strictObject({ code: digitCode })
export const confirmationBody = z.strictObject(confirmationFields)

/** The factor in use proves itself beside the password, or beside the mailed code of an account without one. */
export const ownerBody = z.strictObject({
  password: confirmationFields.password,
  confirmationCode: confirmationFields.code,
  code: factorCode,
})

/** A first app asks for less than the replacement of one that is in use. */
export const setupBody = ownerBody.partial()

export const totpSetupReply = replyOf(
  z.object({ secret: z.string(), otpauthUrl: z.string(), qrCode: z.string().startsWith('data:image/png;base64,') }),
)
export const recoveryCodesReply = replyOf(z.object({ recoveryCodes: z.array(z.string()).length(10) }))
