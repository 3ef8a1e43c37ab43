import { newId } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import { readDevice, signDevice } from '../../http/device-cookie.ts'
import { browserFamily, networkOf } from '../../http/device-name.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { sendSecurityAlert } from '../security-events/security-alert.ts'
import { securityEventDetails } from '../security-events/security-event-details.ts'
import * as queries from './known-devices.queries.ts'

/** The lifetime of the device cookie. */
const keptForMs = 365 * 86_400_000

/**
 * Records the device of a sign-in in its transaction, and alerts the user to a new one: a browser that has never been used
 * in this network. The very first device causes no alert. The caller has locked the user's row.
 * @returns the signed device cookie for this browser, with the id that the browser already has, if it has one
 */
export async function recordDevice(
  { config }: Pick<Deps, 'config'>,
  tx: TransactContext,
  user: UserRow,
  { origin, now }: { origin: Origin; now: Date },
): Promise<string> {
  const browser = browserFamily(origin.userAgent) ?? 'unknown'
  const device = await queries.upsertDevice(tx.trx, { userId: user.id, browser, network: networkOf(origin.ip), now })
  if (device.isNew && !device.isFirst) {
    await queries.deleteUnused(tx.trx, user.id, new Date(now.getTime() - keptForMs))
    await sendSecurityAlert(tx, user, { template: 'new-device', data: securityEventDetails(user, origin, now) })
  }
  const known = readDevice(config.keys.cookie, origin.deviceCookie)
  const deviceId = known?.userId === user.id ? known.deviceId : newId()
  return signDevice(config.keys.cookie, { userId: user.id, deviceId })
}
