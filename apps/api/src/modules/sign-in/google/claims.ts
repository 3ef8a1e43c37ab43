import { exactEmailAddress } from '@muster/identifiers'
import { z } from 'zod'

/** Whom the issuer vouches for. */
export type Identity = {
  /** Never changes and never goes to somebody else, unlike an e-mail. */
  googleId: string
  /** In the form in which addresses are compared. Undefined when the issuer does not vouch for one, or it is none. */
  verifiedEmail: string | undefined
  /** Any text. */
  name: string | undefined
  /** Any text; nobody checked that there is such a zone. */
  timezone: string | undefined
}

/**
 * At most 255 ASCII characters, compared exactly (OpenID Connect Core 1.0, 2). Spaces stand only inside of it, as in a
 * distinguished name, so that no later trimming makes two people one.
 */
const subject = z.string().regex(/^(?=.{1,255}$)[!-~](?:[ -~]*[!-~])?$/)

const claims = z.object({
  email: z.unknown().optional(),
  email_verified: z.unknown().optional(),
  name: z.string().optional().catch(undefined),
  zoneinfo: z.string().optional().catch(undefined),
})

/** Returns the subject of an ID token. @throws Error, which says nothing of what the claim holds, when it is none */
export function subjectOf({ sub }: { sub?: unknown }): string {
  const { data } = subject.safeParse(sub)
  if (data === undefined) throw new Error('the claim sub is not 1 to 255 ASCII characters')
  return data
}

/**
 * Reads the claims of an ID token or UserInfo response as those of a stranger: signed they are the issuer's, which proves
 * nothing of their form.
 * @throws Error when they identify nobody
 */
export function identityOf(issuer: URL, given: object): Identity {
  const sub = subjectOf(given)
  const { email, email_verified: isVerified, name, zoneinfo } = claims.parse(given)
  return {
    // A subject is unique only with its issuer (OpenID Connect Core 1.0, 5.7), and the setting may come to name another one.
    googleId: issuer.href === google ? sub : `${issuer.href}#${sub}`,
    verifiedEmail: isVerified === true ? exactEmailAddress.safeParse(email).data : undefined,
    name,
    timezone: zoneinfo,
  }
}

const google = 'https://accounts.google.com/'
