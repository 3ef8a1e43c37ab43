import { z } from 'zod'
import { digitCode, factorCode } from '../../http/codes.ts'
import { examplePassword } from '../../http/fields.ts'
import { replyOf } from '../../http/reply.ts'
import { twoFactorMethod } from '../accounts/accounts.schema.ts'
import { confirmationFields } from '../reauthentication/reauthentication.schema.ts'

export const digitCodeBody = z
  .strictObject({ code: digitCode })
  .meta({ id: 'FactorCode', description: 'The first code of a second factor.' })

/** The code of the factor in use, beside the password, or beside the mailed code of an account without one. */
export const factorConfirmationBody = z
  .strictObject({
    password: confirmationFields.password,
    confirmationCode: confirmationFields.code,
    code: factorCode,
  })
  .meta({
    id: 'FactorConfirmation',
    description: 'Confirms a change of the second factor.',
    examples: [{ password: examplePassword, code: '123456' }],
  })

/** The set-up of a first app needs less than the replacement of one that is in use. */
export const setupBody = factorConfirmationBody.partial().meta({
  id: 'AppSetup',
  description: 'Confirms the set-up of an app, where that is needed.',
  examples: [{ password: examplePassword }],
})

export const totpSetupReply = replyOf(
  z
    .object({
      secret: z
        .string()
        .meta({ description: 'The secret in base 32, to type into the app.', examples: ['JBSWY3DPEHPK3PXP'] }),
      otpauthUrl: z
        .string()
        .meta({ description: 'The address that opens the app.', examples: ['otpauth://totp/Muster:ann'] }),
      qrCode: z
        .string()
        .startsWith('data:image/png;base64,')
        .meta({
          description: 'The same as a picture, for `src` of an image.',
          examples: ['data:image/png;base64,iVBORw0KGgo='],
        }),
    })
    .meta({ id: 'AuthenticatorAppSetup', description: 'What the app needs.' }),
)
export const twoFactorState = z
  .object({
    method: twoFactorMethod.describe('The second factor that is on.'),
    requiredMethod: twoFactorMethod.describe(
      'The one that the organization requires; while it does, none can be turned off.',
    ),
    recoveryCodesLeft: z
      .int()
      .min(0)
      .meta({ description: 'The unused recovery codes; 0 without an authenticator app.', examples: [10] }),
  })
  .meta({ id: 'TwoFactorState', description: 'The second factor of the caller.' })
export type TwoFactorState = z.infer<typeof twoFactorState>

export const twoFactorStateReply = replyOf(z.object({ twoFactor: twoFactorState }))
export const recoveryCodesReply = replyOf(
  z
    .object({
      recoveryCodes: z
        .array(z.string())
        .length(10)
        .meta({
          description: 'Each replaces a code of the app once.',
          examples: [Array.from({ length: 10 }, () => 'abcd-efgh-ijkl-mnop-qrst-uvwx')],
        }),
    })
    .meta({ id: 'RecoveryCodes', description: 'New recovery codes, shown only now.' }),
)
