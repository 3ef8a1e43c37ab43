import { Secret, TOTP } from 'otpauth'

/** The parameters that every authenticator app supports: RFC 6238 with SHA-1, six digits and steps of 30 seconds. */
const parameters = { algorithm: 'SHA1', digits: 6, period: 30 } as const
/** The length of the HMAC, as RFC 4226 recommends. */
const secretBytes = 20
/** The accepted steps before and after the current one, for clock differences and slow typing. */
const windowSteps = 1
const shape = /^\d{6}$/

/** Generates a secret of 160 random bits. */
export function newTotpSecret(): Buffer {
  return Buffer.from(new Secret({ size: secretBytes }).bytes)
}

/**
 * Formats a secret for typing into an app (base32, RFC 4648) and as the address for a QR code.
 * @param account.issuer the service, e.g. `Muster`
 * @param account.label the account, e.g. the e-mail address
 */
export function describeTotp(
  secret: Uint8Array,
  account: { issuer: string; label: string },
): { secret: string; otpauthUrl: string } {
  const totp = new TOTP({ ...parameters, ...account, secret: secretOf(secret) })
  return { secret: totp.secret.base32, otpauthUrl: totp.toString() }
}

/** Computes the code that an app shows at an instant. */
export function totpCode(secret: Uint8Array, now: Date): string {
  return TOTP.generate({ ...parameters, secret: secretOf(secret), timestamp: now.getTime() })
}

/**
 * Finds the time step (30 s since 1970) of a code among the current step, the one before and the one after. The caller must refuse a
 * step that is not later than the last accepted one (RFC 6238, 5.2).
 * @returns undefined when the code belongs to none of them
 */
export function totpStep(secret: Uint8Array, code: string, now: Date): number | undefined {
  if (!shape.test(code)) return undefined
  const timestamp = now.getTime()
  const options = { ...parameters, secret: secretOf(secret), timestamp, window: windowSteps }
  const delta = TOTP.validate({ ...options, token: code })
  return delta === null ? undefined : TOTP.counter({ period: parameters.period, timestamp }) + delta
}

const secretOf = (bytes: Uint8Array) => new Secret({ buffer: Uint8Array.from(bytes).buffer })
