import { type Kysely, sql } from 'kysely'
import { maxConnectionsOf } from './connection-counts.ts'
import { findSettingFaults } from './session-settings.ts'
import type { DatabaseSettings } from './settings.ts'

// biome-ignore lint/suspicious/noExplicitAny: works on any state of the schema
type AnyDb = Kysely<any>

/** How many connections the role may open to the database in all, and how many are open. */
export type ConnectionLimits = { allowed: number; used: number }

/** Reads the lowest of the limits of Postgres, of the role and of the database. */
export async function readConnectionLimits(db: AnyDb): Promise<ConnectionLimits> {
  const { rows } = await sql<ConnectionLimits>`
    select least(
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0),
      (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user),
      (select nullif(datconnlimit, -1) from pg_database where datname = current_database())
    ) as allowed,
    (select coalesce(sum(numbackends), 0)::int from pg_stat_database) as used`.execute(db)
  return rows[0] as ConnectionLimits
}

/** Finds at start what will not hold of the connections of this process. @returns a sentence with the remedy for each */
export async function findSessionFaults(
  db: AnyDb,
  kind: 'api' | 'worker',
  settings: DatabaseSettings,
): Promise<string[]> {
  const fault = await findConnectionFault(db, kind, settings)
  return [...(await findSettingFaults(db, settings.pooler)), ...(fault ? [fault] : [])]
}

/** Finds at start that Postgres has too few connections left for this process; undefined behind a pooler, whose sizes count there. */
async function findConnectionFault(
  db: AnyDb,
  kind: 'api' | 'worker',
  settings: DatabaseSettings,
): Promise<string | undefined> {
  if (settings.pooler === 'transaction') return undefined
  const needed = maxConnectionsOf(kind, settings)
  const { allowed, used } = await readConnectionLimits(db)
  if (needed <= allowed - used) return undefined
  return (
    `This process opens up to ${needed} connections to Postgres, which allows ${allowed} in all, of which ${used} are open. Raise max_connections ` +
    'or the limit of the role, lower DATABASE_POOL_MAX, or put PgBouncer between. `muster connections` adds up all processes.'
  )
}
