import type { User } from '@muster/client'
import { m } from '../../paraglide/messages.js'

/** What the pages for operators call a second factor. */
export const factorNames: Record<User['twoFactorMethod'], () => string> = {
  none: m.ops_people_factor_none,
  otp: m.ops_people_factor_otp,
  totp: m.ops_people_factor_totp,
}
