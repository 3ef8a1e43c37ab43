import { eventually } from '@muster/testing'
import pg from 'pg'

/**
 * A pause point in Postgres: while it is armed, statements of one kind on one table wait. A test can then kill a process at
 * exactly that point of its transaction.
 */
export type PausePoint = {
  arm(): Promise<void>
  /** Waits until a statement whose text matches the LIKE pattern is paused. @throws when none is at the time limit */
  waitUntilReached(options?: { like?: string; timeoutMs?: number }): Promise<void>
  /** Lets the paused statements continue. The pause point can be armed again. */
  release(): Promise<void>
  /** Releases it and closes its connection. */
  remove(): Promise<void>
}

type PausePointOptions = {
  table: string
  /** The trigger event, e.g. `insert` or `update of published_at`. */
  on: string
  /** Pauses the commit of the statement's transaction instead of the statement. */
  atCommit?: boolean
}

let installed = 0

/**
 * Installs a trigger that takes a shared advisory lock; arming holds the same lock exclusively.
 * @param databaseUrl of a superuser
 */
export async function installPausePoint(
  databaseUrl: string,
  { table, on, atCommit = false }: PausePointOptions,
): Promise<PausePoint> {
  const key = 7_100 + installed++
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'chaos-pause-point' })
  // A test that stops Postgres ends this connection as well.
  client.on('error', () => {})
  await client.connect()
  const name = `chaos_pause_point_${key}`
  await client.query(`
    create function ${name}() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock_shared(${key}); return null; end $$`)
  await client.query(
    atCommit
      ? `create constraint trigger ${name} after ${on} on ${table} deferrable initially deferred
         for each row execute function ${name}()`
      : `create trigger ${name} before ${on} on ${table} for each statement execute function ${name}()`,
  )
  return {
    arm: async () => void (await client.query('select pg_advisory_lock($1)', [key])),
    waitUntilReached: ({ like = '%', timeoutMs = 20_000 } = {}) =>
      eventually(
        async () => {
          const { rowCount } = await client.query(
            `select from pg_locks join pg_stat_activity using (pid)
             where datname = current_database() and locktype = 'advisory' and objid = $1 and not granted
             and query like $2`,
            [key, like],
          )
          if (!rowCount) throw new Error(`No statement reached the pause point at ${on} on ${table}.`)
        },
        { timeoutMs },
      ),
    release: async () => void (await client.query('select pg_advisory_unlock($1)', [key])),
    remove: () => client.end().catch(() => {}),
  }
}
