import type { Origin } from '../../http/actor.ts'
import { deviceName } from '../../http/device-name.ts'
import type { UserRow } from '../accounts/accounts.service.ts'

/** Returns the fields that every security alert has: the user's name and timezone, the time, the device and the address. */
export function securityEventDetails(
  { name, timezone }: Pick<UserRow, 'name' | 'timezone'>,
  origin: Origin,
  now: Date,
) {
  return { name, timezone, at: now.toISOString(), device: deviceName(origin.userAgent), ip: origin.ip }
}
