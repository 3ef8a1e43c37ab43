import type { Db } from '@muster/db'
import { applyDefaults } from '@muster/policy'
import { endOfHours } from '@muster/zones'
import { sql } from 'kysely'

/** Finds those of these users who have quiet hours now. */
export async function findQuietUsers(db: Db, userIds: readonly string[], now: Date): Promise<Set<string>> {
  const { rows } = await sql<{ id: string; timezone: string; settings: unknown }>`
    select users.id, users.timezone, user_preferences.settings
    from user_preferences join users on users.id = user_preferences.user_id
    where user_preferences.user_id = any(${userIds}::uuid[]) and settings ? 'quietHours'`.execute(db)
  return new Set(
    rows.flatMap(({ id, timezone, settings }) => {
      const { quietHours } = applyDefaults(settings)
      return quietHours && endOfHours(quietHours, timezone, now) ? [id] : []
    }),
  )
}
