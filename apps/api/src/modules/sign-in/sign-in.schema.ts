import { emailAddress as email } from '@muster/identifiers'
import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { factorCode } from '../../http/codes.ts'
import { anyPassword } from '../../http/fields.ts'
import { replyOf } from '../../http/reply.ts'
import { user } from '../accounts/accounts.schema.ts'

export const loginBody = z
  .strictObject({
    email: email.meta({ description: 'The e-mail address of the account.', examples: ['ann@example.com'] }),
    password: anyPassword,
    rememberMe: z.boolean().default(false).describe('The session lives 30 days without use instead of 7.'),
  })
  .meta({ id: 'Login', description: 'A sign-in by password.' })
export type Login = z.infer<typeof loginBody>

const challenge = z
  .object({
    requiresTwoFactor: z.literal(true).describe('The second factor is needed.'),
    method: z.enum(['otp', 'totp']).describe('Where the code comes from: a mail (`otp`) or the app (`totp`).'),
    challengeToken: z.string().meta({ description: 'Names this sign-in in the next step.', examples: ['challenge'] }),
    expiresAt: instant.describe('When the sign-in must begin again.'),
  })
  .meta({ id: 'SignInChallenge', description: 'A sign-in that needs its second step.' })
const signedIn = z
  .object({ requiresTwoFactor: z.literal(false).describe('The user is signed in.'), user: user.describe('The user.') })
  .meta({ id: 'SignedIn', description: 'A sign-in that is complete.' })

export const loginReply = replyOf(z.discriminatedUnion('requiresTwoFactor', [signedIn, challenge]))

export const signInCodeBody = z
  .strictObject({
    challengeToken: z
      .string()
      .max(300)
      .meta({ description: '`challengeToken` of the first step.', examples: ['challenge'] }),
    code: factorCode,
  })
  .meta({ id: 'SignInCode', description: 'The second step of a sign-in.' })
export const challengeBody = signInCodeBody
  .pick({ challengeToken: true })
  .meta({ id: 'SignInChallengeToken', description: 'A sign-in that waits for its second step.' })
