import type { Origin } from '../../plugins/actor.ts'
import type { UserRow } from '../users/users.queries.ts'
import { deviceName } from './device-name.ts'

/** What every mail about the account's safety tells: whose account, when, and from where. */
export function happened({ name, timezone }: Pick<UserRow, 'name' | 'timezone'>, origin: Origin, now: Date) {
  return { name, timezone, at: now.toISOString(), device: deviceName(origin.userAgent), ip: origin.ip }
}
