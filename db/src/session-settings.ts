import { type Kysely, sql } from 'kysely'
import pg from 'pg'

declare module 'pg' {
  interface Client {
    /** Returns the parameters of the start-up message. */
    getStartupConf(): Record<string, string>
  }
}

/** The text format of times, in JSON too. A database, role or cluster may have other defaults. */
const settings = { DateStyle: 'ISO, MDY', TimeZone: 'UTC' } as const

/**
 * A client of `pg` with settings that make results independent of the installation. PgBouncer keeps these two parameters for each of
 * its clients and sets them on the connection that it lends; it refuses `options` and most others.
 */
export class Client extends pg.Client {
  override getStartupConf(): Record<string, string> {
    return { ...super.getStartupConf(), ...settings }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: works on any state of the schema
type AnyDb = Kysely<any>

const limits = {
  statement_timeout: 'that a statement which its process gave up ends',
  idle_in_transaction_session_timeout: 'that the transaction of a frozen process ends',
} as const

/**
 * Finds session settings that had no effect, e.g. behind a pooler that ignores them. Intervals are never read as text, and the locale of
 * the database makes no difference either.
 * @returns a sentence with the remedy for each
 */
export async function findSettingFaults(db: AnyDb, pooler: 'session' | 'transaction' = 'session'): Promise<string[]> {
  const found = await readSettings(db, [...Object.keys(settings), ...Object.keys(limits)])
  const formats = Object.entries(settings)
    .filter(([name, value]) => found[name] !== value)
    .map(
      ([name, value]) =>
        `The sessions of the database have ${name} "${found[name]}" instead of "${value}". Let the pooler between pass the startup parameter ${name} on, or set it for the role.`,
    )
  // Behind a pooler in transaction mode, each transaction sets its limits by itself.
  const expected =
    pooler === 'transaction' ? ['statement_timeout' as const] : (Object.keys(limits) as (keyof typeof limits)[])
  const missing = expected
    .filter((name) => found[name] === '0')
    .map((name) => `Nothing ensures in Postgres ${limits[name]}: the setting ${name} is 0. ${remedyOf(pooler)}`)
  return [...formats, ...missing]
}

const remedyOf = (pooler: 'session' | 'transaction') =>
  pooler === 'transaction'
    ? "Run `muster migrate`, or ALTER ROLE … IN DATABASE … SET statement_timeout = '30s', and then RECONNECT in the console of PgBouncer."
    : 'A pooler ignores what processes set: set DATABASE_POOLER=transaction.'

async function readSettings(db: AnyDb, names: readonly string[]): Promise<Record<string, unknown>> {
  const { rows } = await sql<Record<string, unknown>>`
    select ${sql.join(names.map((name) => sql`current_setting(${name}) as ${sql.ref(name)}`))}`.execute(db)
  return rows[0] ?? {}
}
