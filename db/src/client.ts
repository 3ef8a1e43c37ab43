import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { namedStatements } from './named-statements.ts'
import { connectionTo } from './session-settings.ts'
import { sharedConnection } from './shared-connection.ts'
import type { Database, Db } from './types.ts'

export type DbOptions = {
  url: string
  /** Connections that this process may hold. */
  poolMax: number
  /** Shown in pg_stat_activity. */
  applicationName: string
  /** The server gives a statement up after this. */
  statementTimeoutMs?: number
}

const connectTimeoutMs = 2_000
/** Who would wait for a table that a migration holds holds up all behind them. */
const lookupLockTimeoutMs = 250
/** A process that is stopped within a transaction must not commit long after others looked: revocations are polled. */
const idleInTransactionMs = 10_000
const int8Oid = 20

// Written in the process's own zone, instants would lose the seconds that offsets had once.
pg.defaults.parseInputDatesAsUTC = true

/** Kysely over a pool of `pg`, with named prepared statements and with timeouts on both sides. */
export function createDb(options: DbOptions): Db {
  const pool = new pg.Pool({ ...connectionConfig(options), max: options.poolMax, idleTimeoutMillis: 60_000 })
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {})
  // The pool listens only while a connection is idle; one that breaks in use fails its query, and that is told there.
  pool.on('connect', (client) => client.on('error', () => {}))
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool: namedStatements(pool) }) })
}

/**
 * For reads that are over at once, such as a row by its key: Kysely over one connection that all share, so that they wait
 * for no place in a pool, only for each other (measured: reading a task 0.75 → 1.26 of bare `pg` with a pool). A slow
 * statement would hold up all others, and a transaction would take them in.
 */
export function createLookupDb(options: Omit<DbOptions, 'poolMax'>): Db {
  const config = { ...connectionConfig(options), lock_timeout: lookupLockTimeoutMs }
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool: sharedConnection(config) }) })
}

const connectionConfig = ({ url, applicationName, statementTimeoutMs = 5_000 }: Omit<DbOptions, 'poolMax'>) =>
  ({
    ...connectionTo(url),
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    // A frozen server can't cancel anything: the client stops waiting by itself, a little later.
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

/** Whether the error says that Postgres could not be asked, and not that the question was wrong. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string' && (unavailableCodes.has(code) || unavailableKinds.test(code))) return true
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnavailable)
  return unavailableMessage.test(error.message)
}
