import type { Trx } from '@muster/db'
import { sql } from 'kysely'

/**
 * Notes that a browser in this network is the person's; the row's key decides which of two sign-ins at once made it.
 * The caller holds the person's row, so that there is one first.
 * @returns whether it was unknown, and whether none was known before
 */
export async function note(
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

/** Forgets the devices that the person has not used since. */
export function forgetUnused(trx: Trx, userId: string, since: Date) {
  return trx.deleteFrom('known_devices').where('user_id', '=', userId).where('last_seen_at', '<', since).execute()
}
