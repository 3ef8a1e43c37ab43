import type { Invitation } from '@muster/client'
import { muster } from '../../lib/muster.ts'
import { createReading, type Reading } from '../../lib/reading.ts'

let last: { token: string; reading: Reading<Invitation> } | undefined

/** The invitation of a mailed link. Reading it does not use it. */
export function invitationOf(token: string): Reading<Invitation> {
  if (last?.token !== token) last = { token, reading: createReading(() => muster.invites.details(token)) }
  return last.reading
}
