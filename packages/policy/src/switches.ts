import { type RawBuilder, sql } from 'kysely'
import type { Preferences } from './notification-preferences.ts'

/** Preferences that are on unless the user turned them off, and that statements read. */
type Switch = keyof Pick<Preferences, 'receipts' | 'presence' | 'mentionsPassMute'>

/**
 * SQL: whether `applyDefaults` has the preference on.
 * @param settings jsonb, `user_preferences.settings` or null
 */
export const isSwitchedOnSql = (name: Switch, settings: RawBuilder<unknown>): RawBuilder<boolean> =>
  sql`(${settings} -> ${sql.lit(name)} is distinct from 'false'::jsonb)`
