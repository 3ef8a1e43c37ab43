import { usernameLength, usernamePattern } from '@muster/identifiers'
import { passwordLength, passwordRules } from '@muster/security/password-policy'
import { absoluteLimitMs, idleLimitMs, rememberedIdleLimitMs } from '@muster/security/refresh-decision'
import { z } from 'zod'
import type { Config } from '../../config.ts'
import { replyOf } from '../../http/reply.ts'
import { attachmentUpload, avatarUpload, uploadLimitsOf } from '../../http/uploads/upload-rules.ts'
import { profileLengths } from '../accounts/accounts.schema.ts'
import { codeDigits, codeMailCooldownMs, codeTries, codeTtlMs } from '../one-time-codes/code-limits.ts'
import { accessTokenTtlMs } from '../sessions/access-tokens.ts'

const length = (what: string) =>
  z
    .object({ min: z.int().describe('The least.'), max: z.int().describe('The most.') })
    .describe(`The bounds of ${what}, in characters.`)
const seconds = (what: string) => z.int().describe(`${what}, in seconds.`)

const uploadLimits = z
  .object({
    field: z.string().meta({ description: 'The name of the field of the form.', examples: ['files'] }),
    maxFiles: z.int().describe('The number of files that one request may have.'),
    maxFileBytes: z.int().describe('The size that one file may have, in bytes.'),
    extensions: z.array(z.string()).meta({ description: 'The accepted extensions.', examples: [['.jpg', '.png']] }),
    contentTypes: z.array(z.string()).meta({ description: 'Their content types.', examples: [['image/jpeg']] }),
  })
  .meta({ id: 'UploadLimits', description: 'What one kind of upload accepts.' })

const authConfig = z
  .object({
    isDemo: z.boolean().describe('Whether the data of this installation is made up, which front ends show.'),
    signUp: z.enum(['open', 'invite']).describe('Who may register: everybody, or those with an invitation.'),
    google: z
      .object({ startUrl: z.url().describe('The address to which the browser navigates to sign in.') })
      .nullable()
      .describe('Sign-in with Google; null when this installation has none.'),
    password: z
      .object({
        length: length('a new password'),
        rules: z
          .array(z.enum(passwordRules))
          .describe('The rules of a new password; a `WEAK_PASSWORD` names those that it breaks.'),
      })
      .describe('What a new password must be like.'),
    username: z
      .object({
        length: length('a username'),
        pattern: z.string().meta({
          description: 'A regular expression for the whole username, in the syntax of JavaScript.',
          examples: [usernamePattern.source],
        }),
      })
      .describe('What a username must be like. Reserved ones are not listed.'),
    name: length('a display name'),
    bio: length('a bio'),
    code: z
      .object({
        digits: z.int().describe('The number of digits of a mailed code and of the code of an app.'),
        lifetimeSeconds: seconds('How long a mailed code works'),
        resendSeconds: seconds('How long to wait before another code can be mailed'),
        tries: z.int().describe('How many times a code can be tried.'),
      })
      .describe('One-time codes.'),
    session: z
      .object({
        accessSeconds: seconds('The lifetime of an access token, which renews itself'),
        idleSeconds: seconds('How long a session lives without use'),
        rememberedIdleSeconds: seconds('The same with `rememberMe`'),
        maxSeconds: seconds('How long a session lives at most'),
      })
      .describe('Lifetimes of sessions.'),
    uploads: z
      .object({ attachments: uploadLimits, avatar: uploadLimits })
      .describe('Limits of files, which the server checks too.'),
  })
  .meta({ id: 'AuthConfig', description: 'What forms for signing in, signing up and profiles need to know.' })
export type AuthConfig = z.infer<typeof authConfig>

export const authConfigReply = replyOf(z.object({ config: authConfig }))

/** How long browsers and proxies may keep the answer: a changed setting shows after this time. */
export const authConfigMaxAgeSeconds = 300

/** Returns the settings and rules that front ends show. It contains nothing that a visitor may not know. */
export function authConfigOf({
  isDemo,
  isSignupOpen,
  google,
  publicUrl,
}: Pick<Config, 'isDemo' | 'isSignupOpen' | 'google' | 'publicUrl'>): AuthConfig {
  return {
    isDemo,
    signUp: isSignupOpen ? 'open' : 'invite',
    google: google ? { startUrl: new URL('/api/v1/auth/google', publicUrl).href } : null,
    password: { length: passwordLength, rules: [...passwordRules] },
    username: { length: usernameLength, pattern: usernamePattern.source },
    ...profileLengths,
    code: {
      digits: codeDigits,
      lifetimeSeconds: codeTtlMs / 1_000,
      resendSeconds: codeMailCooldownMs / 1_000,
      tries: codeTries,
    },
    session: {
      accessSeconds: accessTokenTtlMs / 1_000,
      idleSeconds: idleLimitMs / 1_000,
      rememberedIdleSeconds: rememberedIdleLimitMs / 1_000,
      maxSeconds: absoluteLimitMs / 1_000,
    },
    uploads: { attachments: uploadLimitsOf(attachmentUpload), avatar: uploadLimitsOf(avatarUpload) },
  }
}
