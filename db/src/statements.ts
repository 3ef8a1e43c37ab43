import type { PostgresPool, PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { measureWait, type PoolName } from './pool-watch.ts'
import { traceStatement, traceWait } from './trace-statements.ts'

/** Further statements have no name, so that SQL with ever-changing text cannot fill the server's memory. */
const maxNames = 500
/** The message of `pg` after its query timeout. */
const readTimeout = 'Query read timeout'

/** How statements are sent. */
export type Statements = {
  config(text: string, values: unknown[]): pg.QueryConfig
  /** Called when Postgres refused the statement because of the one that was prepared under its name. */
  renew(config: pg.QueryConfig): void
}

/**
 * Creates a registry of names, the same for the same text, so that Postgres parses and plans a statement once per connection (measured:
 * 0.73 → 0.89 of bare `pg`).
 */
export function namedStatements(): Statements {
  const names = new Map<string, string>()
  let count = 0
  const nameOf = (text: string) => {
    const known = names.get(text)
    if (known || names.size >= maxNames) return known
    const name = `s${count++}`
    names.set(text, name)
    return name
  }
  return {
    config: (text, values) => ({ text, values, ...(values.length > 0 && { name: nameOf(text) }) }),
    renew({ name, text }) {
      if (names.get(text) === name) names.delete(text)
    },
  }
}

/**
 * Sends statements without a name, because the next one may meet another connection of Postgres. For the same reason each transaction
 * sets its own limits, in the same message as its begin.
 */
export function statementsOfNoSession(limits: Readonly<Record<string, number>>): Statements {
  const settings = Object.entries(limits).map(([name, value]) => `; set local ${name} = ${value}`)
  const isBegin = (text: string) => /^(?:begin|start transaction)\b/i.test(text)
  return {
    config: (text, values) => ({ text: isBegin(text) ? text + settings.join('') : text, values }),
    renew() {},
  }
}

const tooManyConnections = '53300'

/** Adds the remedy to the refusal of a connection. */
function explainRefusal(error: Error & { code?: string }): never {
  if (/unsupported startup parameter/.test(error.message))
    error.message += '. DATABASE_URL leads to a pooler such as PgBouncer: set DATABASE_POOLER=transaction.'
  if (error.code === tooManyConnections)
    error.message +=
      '. `muster connections` adds up what all processes open: raise max_connections to it, or put PgBouncer between.'
  throw error
}

const plannedEachTime = new WeakSet<object>()

/** Notes that the statements of this database have no names. */
export const notePlannedEachTime = <D extends object>(db: D): D => {
  plannedEachTime.add(db)
  return db
}

/** Tests whether Postgres plans each statement of this database anew. */
export const isPlannedEachTime = (db: object): boolean => plannedEachTime.has(db)

/**
 * Tests whether Postgres refused a statement because of the one prepared under its name, before it had an effect: a migration changed
 * the columns of a `select *` (0A000), or in a pipeline the statement that should have prepared it failed (26000, 42P05).
 */
export const isStale = (error: unknown): boolean =>
  error instanceof pg.DatabaseError &&
  (error.code === '26000' || error.code === '42P05' || /^cached plan must not change/.test(error.message))

type PoolOptions = { name: PoolName; statements: Statements; onEnd: () => void }

/**
 * Tests whether a statement returns all columns of a table. Prepared, it fails once a migration of a newer release has added one; in a
 * transaction it could not be repeated, so it is not prepared there.
 */
const namesNoColumns = (text: string) => /\breturning \*|\bselect \* from "|"\.\*/.test(text)

/** Wraps a pool for Kysely. A connection with a timed-out query is closed, because its response may still arrive. */
export function poolOf(pool: pg.Pool, { name, statements, onEnd }: PoolOptions): PostgresPool {
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>()

  const wrap = (client: pg.PoolClient): PostgresPoolClient => {
    let isBroken = false
    const run = async (text: string, values: unknown[]) => {
      // A rollback would only run into the same timeout.
      if (isBroken) throw new Error(readTimeout)
      const isAlone = client.getTransactionStatus() === 'I'
      const config = isAlone || !namesNoColumns(text) ? statements.config(text, values) : { text, values }
      try {
        return await client.query(config)
      } catch (error) {
        isBroken ||= error instanceof Error && error.message === readTimeout
        if (!isStale(error)) throw error
        statements.renew(config)
        // A failed transaction accepts no further statement; the next transaction uses the new name.
        if (!isAlone) throw error
        return client.query(statements.config(text, values))
      }
    }
    const query = (text: string, values: unknown[]) => traceStatement(text, () => run(text, values))
    return { query, release: () => client.release(isBroken) } as unknown as PostgresPoolClient
  }

  return {
    options: pool.options,
    end: () => {
      onEnd()
      return pool.end()
    },
    connect: async () => {
      const isReady = pool.idleCount > 0 && pool.waitingCount === 0
      const client = await measureWait(name, isReady, () => traceWait(() => pool.connect())).catch(explainRefusal)
      const known = wrapped.get(client) ?? wrap(client)
      wrapped.set(client, known)
      return known
    },
  }
}
