import type { Origin } from '../../http/actor.ts'
import { deviceName } from '../../http/device-name.ts'
import type { UserRow } from '../accounts/accounts.service.ts'

/** What every mail about the account's safety tells: whose account, when, and from where. */
export function happened({ name, timezone }: Pick<UserRow, 'name' | 'timezone'>, origin: Origin, now: Date) {
  return { name, timezone, at: now.toISOString(), device: deviceName(origin.userAgent), ip: origin.ip }
}
