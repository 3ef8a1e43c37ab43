import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { namedStatements } from './named-statements.ts'
import { connectionTo } from './session-settings.ts'
import type { DatabaseSettings } from './settings.ts'
import { sharedConnection } from './shared-connection.ts'
import type { Database, Db } from './types.ts'

/** `pooler` and `directUrl` may be left out where `url` leads to Postgres itself. */
export type DbOptions = Pick<DatabaseSettings, 'url' | 'poolMax'> &
  Partial<DatabaseSettings> & {
    /** Shown in pg_stat_activity. */
    applicationName: string
    /** The server cancels a statement after this time. */
    statementTimeoutMs?: number
    /** How long to wait for a connection, also for one of the pool. */
    connectTimeoutMs?: number
  }

const defaultConnectTimeoutMs = 2_000
/** On a shared connection, a statement that waits for a table locked by a migration would block all others. */
const lookupLockTimeoutMs = 250
/** Bounds how late a frozen process can commit: others poll revocations and must not miss one. */
const idleInTransactionMs = 10_000
const int8Oid = 20

// In the local zone of the process, old instants would lose the seconds of historical offsets.
pg.defaults.parseInputDatesAsUTC = true

/** Creates a Kysely instance over a pool of `pg`, with named prepared statements and with timeouts on both sides. */
export function createDb(options: DbOptions): Db {
  const pool = new pg.Pool({ ...connectionConfig(options), max: options.poolMax, idleTimeoutMillis: 60_000 })
  // The pool replaces a broken idle connection. Without a listener its error would end the process.
  pool.on('error', () => {})
  // The pool listens only to idle connections. When one in use breaks, its query rejects with the error.
  pool.on('connect', (client) => client.on('error', () => {}))
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool: namedStatements(pool) }) })
}

/**
 * Creates a Kysely instance over one shared connection, for fast reads such as a row by its key. They wait for no slot of a pool, only
 * for each other (measured: reading a task 0.75 → 1.26 of bare `pg` with a pool). Do not use it for slow statements, which would
 * block all others, or for transactions, which would include them.
 */
export function createLookupDb(options: Omit<DbOptions, 'poolMax'>): Db {
  const config = { ...connectionConfig(options), lock_timeout: lookupLockTimeoutMs }
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool: sharedConnection(config) }) })
}

const connectionConfig = ({
  url,
  applicationName,
  statementTimeoutMs = 5_000,
  connectTimeoutMs = defaultConnectTimeoutMs,
}: Omit<DbOptions, 'poolMax'>) =>
  ({
    ...connectionTo(url),
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    // A frozen server cancels nothing, so the client stops waiting a little later.
    query_timeout: statementTimeoutMs + 500,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    types: { getTypeParser },
  }) satisfies pg.ClientConfig

/** bigint columns hold byte counts and sequence numbers, all far below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: unknown) =>
  oid === int8Oid ? Number : pg.types.getTypeParser(oid, format as 'text')

const unavailableMessage =
  /timeout exceeded when trying to connect|timeout expired|Query read timeout|Connection terminated|server closed the connection|Client has encountered a connection error|Cannot use a pool after calling end|does not support SSL/
const unavailableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  // SQLSTATE: lock timeout, statement timeout, a standby or read-only server, a password, role or database that is not there
  '55P03',
  '57014',
  '25006',
  '28000',
  '28P01',
  '3D000',
])
/** SQLSTATE classes: connection failures, no resources (connections, disk, memory), shutdown and start; and TLS. */
const unavailableKinds = /^(08...|53...|57P0.|.*CERT.*|UNABLE_TO_.*|ERR_(SSL|TLS)_.*)$/

/** Tests whether an error comes from Postgres or from the connection to it. */
export const isDatabaseError = (error: unknown): boolean =>
  error instanceof pg.DatabaseError || isDatabaseUnavailable(error)

/** Tests whether an error means that Postgres is unavailable, as opposed to a faulty statement. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string' && (unavailableCodes.has(code) || unavailableKinds.test(code))) return true
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnavailable)
  return unavailableMessage.test(error.message)
}
