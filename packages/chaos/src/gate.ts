import { eventually } from '@muster/testing'
import pg from 'pg'

/**
 * A place in Postgres where processes stop: a statement of one kind on one table waits while the gate is closed. So a
 * process can be killed at exactly that point of its transaction.
 */
export type Gate = {
  close(): Promise<void>
  /** Until a statement waits before it, whose text is like this. */
  waitForOne(options?: { like?: string; timeoutMs?: number }): Promise<void>
  open(): Promise<void>
  /** Opens it for good. */
  remove(): Promise<void>
}

type Place = {
  table: string
  /** E.g. `insert`, or `update of published_at`. */
  on: string
  /** When the statement's transaction commits, instead of before the statement. */
  atCommit?: boolean
}

let gates = 0

/** @param databaseUrl of a superuser */
export async function installGate(databaseUrl: string, { table, on, atCommit = false }: Place): Promise<Gate> {
  const key = 7_100 + gates++
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'chaos-gate' })
  // A Postgres that is stopped on purpose takes this connection along.
  client.on('error', () => {})
  await client.connect()
  await client.query(`
    create function chaos_gate_${key}() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock_shared(${key}); return null; end $$`)
  const name = `chaos_gate_${key}`
  await client.query(
    atCommit
      ? `create constraint trigger ${name} after ${on} on ${table} deferrable initially deferred
         for each row execute function ${name}()`
      : `create trigger ${name} before ${on} on ${table} for each statement execute function ${name}()`,
  )
  return {
    close: async () => void (await client.query('select pg_advisory_lock($1)', [key])),
    waitForOne: ({ like = '%', timeoutMs = 20_000 } = {}) =>
      eventually(
        async () => {
          const { rowCount } = await client.query(
            `select from pg_locks join pg_stat_activity using (pid)
             where locktype = 'advisory' and objid = $1 and not granted and query like $2`,
            [key, like],
          )
          if (!rowCount) throw new Error(`Nobody came to the gate before ${on} on ${table}.`)
        },
        { timeoutMs },
      ),
    open: async () => void (await client.query('select pg_advisory_unlock($1)', [key])),
    remove: () => client.end().catch(() => {}),
  }
}
