import { applyDefaults } from '@muster/policy'
import { endOfHours } from '@muster/zones'
import type { ClaimedMail } from './claimed-mail.ts'

/** Returns when the quiet hours end in which an instant lies; undefined when the mail does not wait for that. */
export function quietUntil({ quiet }: Pick<ClaimedMail, 'quiet'>, at: Date): Date | undefined {
  const hours = quiet && applyDefaults(quiet.settings).quietHours
  return hours ? endOfHours(hours, quiet.timezone, at) : undefined
}
