import type { Trx } from '@muster/db'
import { sql } from 'kysely'

/**
 * Upserts the user's device, which is a browser in a network. Of two parallel sign-ins, the row's key decides which one
 * inserted it. The caller has locked the user's row, so that only one device is the first.
 * @returns whether the device is new, and whether it is the user's first
 */
export async function upsertDevice(
  trx: Trx,
  device: { userId: string; browser: string; network: string; now: Date },
): Promise<{ isNew: boolean; isFirst: boolean }> {
  const { userId, browser, network, now } = device
  const { rows } = await sql<{ isNew: boolean; isFirst: boolean }>`
    insert into known_devices as known (user_id, browser, network, first_seen_at, last_seen_at)
    values (${userId}, ${browser}, ${network}, ${now}, ${now})
    on conflict (user_id, browser, network) do update set last_seen_at = ${now}
    returning known.xmax = 0 as "isNew",
      not exists (select from known_devices where user_id = ${userId}) as "isFirst"`.execute(trx)
  return rows[0] as { isNew: boolean; isFirst: boolean }
}

/** Deletes the user's devices that were last used before `before`. */
export function deleteUnused(trx: Trx, userId: string, before: Date) {
  return trx.deleteFrom('known_devices').where('user_id', '=', userId).where('last_seen_at', '<', before).execute()
}
