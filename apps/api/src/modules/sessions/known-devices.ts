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

/** As long as the device cookie lives. */
const forgetAfterMs = 365 * 86_400_000

/**
 * Notes from where a person signs in, in the transaction of that sign-in, and tells them when the browser was never seen
 * in that network before. Of their very first sign-in they are told nothing. The caller holds the person's row.
 * @returns the signed device cookie for this browser; it keeps the id that it has
 */
export async function noteDevice(
  { config }: Pick<Deps, 'config'>,
  tx: TransactContext,
  user: UserRow,
  { origin, now }: { origin: Origin; now: Date },
): Promise<string> {
  const browser = browserFamily(origin.userAgent) ?? 'unknown'
  const seen = await queries.note(tx.trx, { userId: user.id, browser, network: networkOf(origin.ip), now })
  if (seen.isNew && !seen.isFirst) {
    await queries.forgetUnused(tx.trx, user.id, new Date(now.getTime() - forgetAfterMs))
    await sendSecurityAlert(tx, user, { template: 'new-device', data: securityEventDetails(user, origin, now) })
  }
  const device = readDevice(config.keys.cookie, origin.deviceCookie)
  const deviceId = device?.userId === user.id ? device.deviceId : newId()
  return signDevice(config.keys.cookie, { userId: user.id, deviceId })
}
