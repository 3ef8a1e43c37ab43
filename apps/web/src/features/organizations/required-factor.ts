import type { Organization } from '@muster/client'
import { m } from '../../paraglide/messages.js'

export type RequiredFactor = Organization['twoFactorMethod']

const texts: Record<RequiredFactor, () => string> = {
  none: m.organizations_factor_none,
  otp: m.organizations_factor_otp,
  totp: m.organizations_factor_totp,
}

/** The names of the choices. */
export const requirementLabels: Record<RequiredFactor, () => string> = {
  none: m.organizations_require_none,
  otp: m.organizations_require_otp,
  totp: m.organizations_require_totp,
}

/** The sentence about what an organization requires. */
export const requiredFactorText = (factor: RequiredFactor): string => texts[factor]()

/** Tells whether somebody with their own factor lacks a required one: an app satisfies mailed codes, but not the reverse. */
export const lacksFactor = (own: RequiredFactor, required: RequiredFactor): boolean =>
  required !== 'none' && own !== 'totp' && own !== required
