import { exactEmailAddress } from '@muster/identifiers'
import { z } from 'zod'

/** The identity that the issuer verified. */
export type Identity = {
  /** Unlike an e-mail, it never changes and is never given to another user. */
  googleId: string
  /** In the form in which addresses are compared; undefined when the issuer has not verified one, or it is not an address. */
  verifiedEmail: string | undefined
  /** Any text. */
  name: string | undefined
  /** Any text, not checked to be a timezone. */
  timezone: string | undefined
}

/**
 * At most 255 ASCII characters, compared exactly (OpenID Connect Core 1.0, 2). Spaces are accepted only inside, as in a
 * distinguished name, so that trimming cannot make two subjects equal.
 */
const subject = z.string().regex(/^(?=.{1,255}$)[!-~](?:[ -~]*[!-~])?$/)

const claims = z.object({
  email: z.unknown().optional(),
  email_verified: z.unknown().optional(),
  name: z.string().optional().catch(undefined),
  zoneinfo: z.string().optional().catch(undefined),
})

/** Returns the subject of an ID token. @throws Error when it is invalid; its message does not contain the claim */
export function subjectOf({ sub }: { sub?: unknown }): string {
  const { data } = subject.safeParse(sub)
  if (data === undefined) throw new Error('the claim sub is not 1 to 255 ASCII characters')
  return data
}

/**
 * Reads the claims of an ID token or UserInfo response, and validates them: a valid signature does not guarantee valid
 * claims.
 * @throws Error when the subject is invalid
 */
export function identityOf(issuer: URL, given: object): Identity {
  const sub = subjectOf(given)
  const { email, email_verified: isVerified, name, zoneinfo } = claims.parse(given)
  return {
    // A subject is unique only together with its issuer (OpenID Connect Core 1.0, 5.7), and the configured issuer may change.
    googleId: issuer.href === google ? sub : `${issuer.href}#${sub}`,
    verifiedEmail: isVerified === true ? exactEmailAddress.safeParse(email).data : undefined,
    name,
    timezone: zoneinfo,
  }
}

const google = 'https://accounts.google.com/'
