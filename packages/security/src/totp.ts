import { Secret, TOTP } from 'otpauth'

/** What every authenticator app understands: RFC 6238 with SHA-1, six digits and steps of 30 seconds. */
const parameters = { algorithm: 'SHA1', digits: 6, period: 30 } as const
/** As long as the HMAC, which RFC 4226 recommends. */
const secretBytes = 20
/** Steps before and after the present one that are accepted: clocks differ, and people type slowly. */
const windowSteps = 1
const shape = /^\d{6}$/

/** 160 random bits. */
export function newTotpSecret(): Buffer {
  return Buffer.from(new Secret({ size: secretBytes }).bytes)
}

/**
 * The secret as a person types it into an app (base32, RFC 4648), and as a QR code carries it.
 * @param account.issuer whose account it is, e.g. `Muster`
 * @param account.label which account, e.g. the e-mail
 */
export function describeTotp(
  secret: Uint8Array,
  account: { issuer: string; label: string },
): { secret: string; otpauthUrl: string } {
  const totp = new TOTP({ ...parameters, ...account, secret: secretOf(secret) })
  return { secret: totp.secret.base32, otpauthUrl: totp.toString() }
}

/** The code that an app shows at this moment. */
export function totpCode(secret: Uint8Array, now: Date): string {
  return TOTP.generate({ ...parameters, secret: secretOf(secret), timestamp: now.getTime() })
}

/**
 * The time step (30 s since 1970) whose code this is: the present one, the one before or the one after; undefined when it
 * is none of them. The caller refuses a step that is not later than the last one that it accepted (RFC 6238, 5.2).
 */
export function totpStep(secret: Uint8Array, code: string, now: Date): number | undefined {
  if (!shape.test(code)) return undefined
  const timestamp = now.getTime()
  const options = { ...parameters, secret: secretOf(secret), timestamp, window: windowSteps }
  const delta = TOTP.validate({ ...options, token: code })
  return delta === null ? undefined : TOTP.counter({ period: parameters.period, timestamp }) + delta
}

const secretOf = (bytes: Uint8Array) => new Secret({ buffer: Uint8Array.from(bytes).buffer })
