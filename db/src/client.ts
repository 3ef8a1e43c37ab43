import { Kysely, PostgresDialect, type PostgresPool } from 'kysely'
import pg from 'pg'
import { besidePool } from './connection-counts.ts'
import { type PoolName, watchPool } from './pool-watch.ts'
import { Client } from './session-settings.ts'
import type { DatabaseSettings } from './settings.ts'
import { sharedConnection } from './shared-connection.ts'
import { namedStatements, notePlannedEachTime, poolOf, type Statements, statementsOfNoSession } from './statements.ts'
import type { Database, Db } from './types.ts'

/** `pooler` and `directUrl` may be left out where `url` leads to Postgres itself. */
export type DbOptions = Pick<DatabaseSettings, 'url' | 'poolMax'> &
  Partial<DatabaseSettings> & {
    /** Shown in pg_stat_activity. */
    applicationName: string
    /** The name in metrics; `main` by default. */
    pool?: PoolName
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

/** Creates a Kysely instance over a pool of `pg`, with timeouts on both sides. Statements are prepared where there is a session. */
export function createDb(options: DbOptions): Db {
  const { pool: name = 'main' } = options
  const pool = new pg.Pool({ ...configOf(options), Client, max: options.poolMax, idleTimeoutMillis: 60_000 })
  // The pool replaces a broken idle connection. Without a listener its error would end the process.
  pool.on('error', () => {})
  // The pool listens only to idle connections. When one in use breaks, its query rejects with the error.
  pool.on('connect', (client) => client.on('error', () => {}))
  const unwatch = watchPool({
    name,
    state: () => ({
      active: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
  })
  const over = (statements: Statements) => kyselyOver(poolOf(pool, { name, statements, onEnd: unwatch }))
  if (options.pooler !== 'transaction') return over(namedStatements())
  return notePlannedEachTime(over(statementsOfNoSession(limitsOf(options))))
}

/**
 * Creates a Kysely instance over one shared connection, for fast reads such as a row by its key. They wait for no slot of a pool, only
 * for each other (measured: reading a task 0.75 → 1.26 of bare `pg` with a pool). Do not use it for slow statements, which would
 * block all others, or for transactions, which would include them. Behind a pooler in transaction mode it is a small pool: nothing there
 * ends the wait for a locked table early.
 */
export function createLookupDb(options: Omit<DbOptions, 'poolMax'>): Db {
  const { pool: name = 'lookups' } = options
  if (options.pooler === 'transaction')
    return createDb({ ...options, pool: name, poolMax: besidePool.lookups.transaction })
  return kyselyOver(sharedConnection({ ...configOf(options), lock_timeout: lookupLockTimeoutMs }, name))
}

const kyselyOver = (pool: PostgresPool): Db => new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })

type ConnectionOptions = Omit<DbOptions, 'poolMax'>

const limitsOf = ({ statementTimeoutMs = 5_000 }: ConnectionOptions) => ({
  statement_timeout: statementTimeoutMs,
  idle_in_transaction_session_timeout: idleInTransactionMs,
})

function configOf(options: ConnectionOptions) {
  const limits = limitsOf(options)
  return {
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
    keepAlive: true,
    // A pooler in transaction mode refuses them as parameters of the start-up message.
    ...(options.pooler !== 'transaction' && limits),
    // A frozen server cancels nothing, so the client stops waiting a little later.
    query_timeout: limits.statement_timeout + 500,
    types: { getTypeParser },
  } satisfies pg.ClientConfig
}

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

/** SQLSTATE `lock_not_available`. */
const lockTimeoutCode = '55P03'

/**
 * Tests whether Postgres is there and refused this statement: for what it writes, or because a row that it needs stayed locked. Another
 * statement may succeed.
 */
export const isRefusal = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && (error.code === lockTimeoutCode || !isDatabaseUnavailable(error))
